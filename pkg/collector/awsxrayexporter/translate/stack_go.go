package translate

import "strings"

// parseGo reads
//
//	top
//	goroutine 1 [running]:
//	main.add(...)
//		/srv/cart.go:17 +0x1d
//	main.main()
//		/srv/main.go:3 +0x2a
//
// A frame whose second line has no position takes that of the frame before.
func parseGo(w *stackWriter, trace string) {
	r := lineReader{trace}
	r.next() // the error's own message
	path, n := "", 0
	for line, ok := r.next(); ok; line, ok = r.next() {
		if isRunning(line) {
			line, _ = r.next()
		}
		label := line
		line, _ = r.next()
		if p, at, ok := goPosition(line); ok {
			path, n = p, number(at)
		}
		w.frame(path, n, label)
	}
}

// isRunning matches ^goroutine.*\brunning\b.*:$
func isRunning(line string) bool {
	rest, ok := strings.CutPrefix(line, "goroutine")
	if !ok || !strings.HasSuffix(rest, ":") {
		return false
	}
	for i := 0; ; {
		j := strings.Index(rest[i:], "running")
		if j < 0 {
			return false
		}
		i += j
		end := i + len("running")
		if i > 0 && !isWord(rest[i-1]) && !isWord(rest[end]) { // rest ends with a colon
			return true
		}
		i = end
	}
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// goPosition finds the first match of ([^:\s]+):(\d+)
func goPosition(line string) (path, n string, ok bool) {
	for i := 0; i < len(line); i++ {
		if line[i] != ':' || i+1 == len(line) || line[i+1] < '0' || line[i+1] > '9' {
			continue
		}
		start := 1 + strings.LastIndexAny(line[:i], ": \t\n\f\r")
		if start == i {
			continue
		}
		end := i + 1
		for end < len(line) && '0' <= line[end] && line[end] <= '9' {
			end++
		}
		return line[start:i], line[i+1 : end], true
	}
	return "", "", false
}
