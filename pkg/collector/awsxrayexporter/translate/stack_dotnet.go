package translate

import "strings"

// parseDotnet reads
//
//	System.InvalidOperationException: top
//	   at Shop.Cart.Add(Item i) in /srv/Cart.cs:line 17
//	   at Shop.Main()
func parseDotnet(w *stackWriter, trace string) {
	r := lineReader{trace}
	r.next() // the exception's own message
	for line, ok := r.next(); ok; line, ok = r.next() {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "at ") {
			continue
		}
		label, rest, inFile := strings.Cut(line, " in ")
		if !inFile {
			if i := strings.LastIndexByte(line, ')'); i >= 0 {
				w.frame("", 0, line[len("at "):i+1])
			}
			continue
		}
		path, _, _ := strings.Cut(rest, " in ")
		n := 0
		if i := strings.LastIndexByte(path, ':'); i >= 0 {
			text := path[i+1:]
			if strings.HasPrefix(text, "line") {
				text = w.from(text, len("line "))
			}
			path, n = path[:i], number(text)
		}
		w.frame(path, n, w.from(label, len("at ")))
	}
}
