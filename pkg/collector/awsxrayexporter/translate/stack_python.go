package translate

import "strings"

const (
	pythonFile     = "  File "
	pythonHandling = "During handling of the above exception, another exception occurred:"
	pythonDirect   = "The above exception was the direct cause of the following exception:"
)

// parsePython reads
//
//	Traceback (most recent call last):
//	  File "disk.py", line 7, in read
//	    raise OSError("disk")
//	OSError: disk
//
//	During handling of the above exception, another exception occurred:
//
//	Traceback (most recent call last):
//	  File "cart.py", line 17, in add
//	    raise ValueError("top")
//	ValueError: top
//
// from its end, so that frames come innermost first and causes after what they
// caused.
func parsePython(w *stackWriter, trace string) { pythonStack(w, trace, false) }

// parsePythonCauses is parsePython, and follows the direct causes too.
func parsePythonCauses(w *stackWriter, trace string) { pythonStack(w, trace, true) }

func pythonStack(w *stackWriter, trace string, direct bool) {
	end := strings.LastIndexByte(trace, '\n') // before the exception's own message
	for end >= 0 {
		start := strings.LastIndexByte(trace[:end], '\n') + 1
		line := trace[start:end]
		switch {
		case strings.HasPrefix(line, pythonFile):
			pythonFrame(w, line)
		case strings.HasPrefix(line, pythonHandling), direct && strings.HasPrefix(line, pythonDirect):
			file, message, ok := pythonCause(w, trace[:start])
			if !ok {
				return
			}
			class, text, ok := strings.Cut(message, ":")
			if !ok {
				return
			}
			w.causedBy(class, w.from(text, 1))
			// Go on with the file's line itself.
			end = file + strings.IndexByte(trace[file:], '\n')
			continue
		}
		end = start - 1
	}
}

// pythonFrame reads `  File "path", line n, in label`.
func pythonFrame(w *stackWriter, line string) {
	file, rest, ok := strings.Cut(line, ",")
	at, in, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 || strings.IndexByte(in, ',') >= 0 {
		return
	}
	path := ""
	if len(file) > 8 {
		path = file[8 : len(file)-1]
	} else {
		w.s.status.panicStack = true
	}
	n := 0
	if text, ok := strings.CutPrefix(at, " line "); ok {
		n = number(text)
	}
	label, ok := strings.CutPrefix(in, " in ")
	if !ok {
		label = ""
	}
	w.frame(path, n, label)
}

// pythonCause finds, in what stands before a "During handling" line, the last
// file's line and the message that follows it and the line of source after
// it. The line right before "During handling" is empty and no part of it.
func pythonCause(w *stackWriter, before string) (file int, message string, ok bool) {
	file = strings.LastIndex(before, "\n"+pythonFile) + 1
	if !strings.HasPrefix(before[file:], pythonFile) {
		return 0, "", false
	}
	start := file
	for range 2 {
		i := strings.IndexByte(before[start:], '\n')
		if i < 0 {
			w.s.status.panicStack = true // there is no line of source
			return file, "", true
		}
		start += i + 1
	}
	end := strings.LastIndexByte(before[:len(before)-1], '\n') // of the line before the empty one
	if end < start {
		w.s.status.panicStack = w.s.status.panicStack || end+1 < start
		return file, "", true
	}
	return file, before[start:end], true
}
