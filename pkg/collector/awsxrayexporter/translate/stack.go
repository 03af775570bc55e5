package translate

import (
	"strconv"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

// A parser reads one stack trace, as the runtime of a language prints it, and
// writes its frames, and the exceptions that caused the first, to w. It never
// panics and never fails: of lines that it does not know it writes nothing.
type parser func(w *stackWriter, trace string)

// parserOf returns the parser for a value of telemetry.sdk.language, nil if
// there is none.
func parserOf(language string, rules ruleSet) parser {
	switch language {
	case "java", "php": // PHP's SDK prints stacks as Java does
		return parseJava
	case "python":
		if rules.has(rulePythonCauses) {
			return parsePythonCauses
		}
		return parsePython
	case "javascript", "nodejs", "webjs":
		if rules.has(ruleJSStacks) {
			return parseJavaScriptColons
		}
		if language == "javascript" {
			return parseJavaScript
		}
	case "dotnet":
		return parseDotnet
	case "go":
		return parseGo
	}
	return nil
}

// A stackWriter appends exceptions, each with the stack that follows it. Of an
// exception with a cause, both hold the cause's id.
type stackWriter struct {
	s      *scratch
	b      []byte
	remote bool
	stack  int  // where the current exception's stack begins
	frames int  // where its frames begin
	framed bool // some frame was written since begin
}

// begin appends the exception that the event tells of to b.
func (w *stackWriter) begin(b []byte, class, message string, remote bool) {
	w.b, w.remote, w.framed = b, remote, false
	w.open(w.s.nextExceptionID(), class, message)
}

func (w *stackWriter) open(id [8]byte, class, message string) {
	b := segment.AppendID(append(w.b, `,{\"id\":`...), id)
	b = segment.AppendString(append(b, `,\"message\":`...), message)
	b = segment.AppendString(append(b, `,\"type\":`...), class)
	b = appendBool(append(b, `,\"remote\":`...), w.remote)
	w.stack = len(b)
	b = append(b, `,\"stack\":`...)
	w.frames = len(b)
	w.b = b
}

// frame appends a frame to the current exception.
func (w *stackWriter) frame(path string, line int, label string) {
	b := segment.AppendString(append(w.b, `,{\"path\":`...), path)
	b = strconv.AppendInt(append(b, `,\"line\":`...), int64(line), 10)
	b = segment.AppendString(append(b, `,\"label\":`...), label)
	w.b, w.framed = append(b, '}'), true
}

// causedBy appends the cause of the current exception and makes it current.
func (w *stackWriter) causedBy(class, message string) {
	w.closeStack()
	id := w.s.nextExceptionID()
	w.b = segment.AppendID(append(w.b, `,\"cause\":`...), id)
	w.b = append(w.b, '}')
	w.open(id, class, message)
}

func (w *stackWriter) closeStack() {
	if len(w.b) == w.frames {
		w.b = w.b[:w.stack]
		return
	}
	w.b = segment.CloseArray(w.b, w.frames)
}

// end finishes the current exception and gives the buffer back.
func (w *stackWriter) end() []byte {
	w.closeStack()
	b := append(w.b, '}')
	w.b = nil
	return b
}

// A lineReader reads lines as net/textproto does: \n or \r\n ends one.
type lineReader struct{ rest string }

// next returns the next line, or "" and false at the end.
func (r *lineReader) next() (string, bool) {
	if r.rest == "" {
		return "", false
	}
	line, rest, ended := strings.Cut(r.rest, "\n")
	r.rest = rest
	if ended {
		line = strings.TrimSuffix(line, "\r")
	}
	return line, true
}

// number reads a line number as strconv.Atoi does, 0 if it is none; one too
// large is the largest. What is none is told apart first, as Atoi allocates its
// error.
func number(s string) int {
	digits := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		digits = s[1:]
	}
	if digits == "" || !isMadeOf(digits, digit) {
		return 0
	}
	n, _ := strconv.Atoi(s)
	return n
}

// from returns s from byte i on. A shorter s, of which it is "", makes contrib
// panic.
func (w *stackWriter) from(s string, i int) string {
	if i > len(s) {
		w.s.status.panicStack = true
		return ""
	}
	return s[i:]
}
