package translate

import "strings"

// parseJava reads
//
//	java.lang.IllegalStateException: top
//		at app//com.shop.Cart.add(Cart.java:17)
//		... 3 more
//	Caused by: java.io.IOException: disk
//		at ...
//
// Suppressed exceptions are left out.
func parseJava(w *stackWriter, trace string) {
	r := lineReader{trace}
	r.next() // the exception's own message
	line, ok := r.next()
	for ok {
		if label, path, isFrame := javaFrame(line); isFrame {
			path, at, hasLine := strings.Cut(path, ":")
			n := 0
			if hasLine {
				n = number(at)
			}
			w.frame(path, n, label)
		} else if caused, isCause := strings.CutPrefix(line, "Caused by: "); isCause {
			class, message := caused, ""
			if i := strings.IndexByte(caused, ':'); i >= 0 {
				class, message = caused[:i], w.from(caused, i+2)
			}
			for line, ok = r.next(); ok; line, ok = r.next() { // a message of several lines
				if _, _, isFrame := javaFrame(line); isFrame {
					break
				}
				message += line
			}
			w.causedBy(class, message)
			continue
		}
		line, ok = r.next()
	}
}

// javaFrame splits "\tat label(path)"; a class loader or module before the
// label is cut off.
func javaFrame(line string) (label, path string, ok bool) {
	rest, ok := strings.CutPrefix(line, "\tat ")
	if !ok {
		return "", "", false
	}
	i := strings.IndexByte(rest, '(')
	if i < 0 || rest[len(rest)-1] != ')' {
		return "", "", false
	}
	label = rest[:i]
	if j := strings.IndexByte(label, '/'); j >= 0 {
		label = label[j+1:]
	}
	return label, rest[i+1 : len(rest)-1], true
}
