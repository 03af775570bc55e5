package translate

import "strings"

// parseJavaScript reads
//
//	Error: top
//	    at Cart.add (/srv/cart.js:17:5)
//	    at /srv/main.js:3:1
//	    at Array.map (native)
//
// A path ends at its first colon.
func parseJavaScript(w *stackWriter, trace string) { javaScriptStack(w, trace, cutFirstColons) }

// parseJavaScriptColons is parseJavaScript for paths that hold colons, such as
// file:///srv/cart.mjs or C:\cart.js: line and column are after the last two.
func parseJavaScriptColons(w *stackWriter, trace string) { javaScriptStack(w, trace, cutLastColons) }

func javaScriptStack(w *stackWriter, trace string, cut func(string) (string, int)) {
	r := lineReader{trace}
	r.next() // the error's own message
	for line, ok := r.next(); ok; line, ok = r.next() {
		rest, ok := strings.CutPrefix(line, "    at ")
		if !ok {
			continue
		}
		label, path := "", rest
		if i := strings.IndexByte(rest, '('); i >= 0 {
			if rest[len(rest)-1] != ')' {
				continue
			}
			label, path = rest[:i], rest[i+1:len(rest)-1]
		}
		path, n := cut(path)
		if path != "" || label != "" || n != 0 {
			w.frame(path, n, label)
		}
	}
}

func cutFirstColons(path string) (string, int) {
	file, rest, ok := strings.Cut(path, ":")
	if !ok {
		if strings.Contains(path, "native") {
			return "native", 0
		}
		return path, 0
	}
	line, _, ok := strings.Cut(rest, ":")
	if !ok {
		return path, 0
	}
	return file, number(line)
}

func cutLastColons(path string) (string, int) {
	i := strings.LastIndexByte(path, ':')
	if i < 0 {
		return cutFirstColons(path)
	}
	j := strings.LastIndexByte(path[:i], ':')
	if j < 0 || !isDigits(path[j+1:i]) || !isDigits(path[i+1:]) {
		return path, 0
	}
	return path[:j], number(path[j+1 : i])
}

func isDigits(s string) bool {
	return s != "" && isMadeOf(s, digit)
}
