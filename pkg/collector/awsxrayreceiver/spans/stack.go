package spans

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A frame is one line of a stack. line is "" if unknown.
type frame struct{ label, path, line string }

// stacktrace writes frames, innermost first, as the language does, so that the
// exporter, like any other backend, can read them again.
func stacktrace(language string, exception object, frames []object) string {
	kind, _ := exception.str("type")
	message, _ := exception.str("message")
	title := strings.NewReplacer("\r\n", " ", "\n", " ").Replace(kind + ": " + message)
	list := make([]frame, 0, len(frames))
	for _, from := range frames {
		var to frame
		to.label, _ = from.str("label")
		to.path, _ = from.str("path")
		if n, ok := from.integer("line"); ok {
			to.line = strconv.FormatInt(n, 10)
		}
		list = append(list, to)
	}
	write, ok := writers[language]
	if !ok {
		write = writeJava
	}
	var b strings.Builder
	write(&b, title, list)
	return b.String()
}

var writers = map[string]func(b *strings.Builder, title string, frames []frame){
	"go":     writeGo,
	"java":   writeJava,
	"python": writePython,
	"nodejs": writeNode,
	"dotnet": writeDotnet,
}

func writeGo(b *strings.Builder, _ string, frames []frame) {
	b.WriteString("goroutine 1 [running]:\n")
	for _, f := range frames {
		fmt.Fprintf(b, "%s\n\t%s\n", f.label, f.place())
	}
}

func writeJava(b *strings.Builder, title string, frames []frame) {
	fmt.Fprintf(b, "%s\n", title)
	for _, f := range frames {
		fmt.Fprintf(b, "\tat %s(%s)\n", f.label, f.place())
	}
}

// writePython begins with the outermost frame.
func writePython(b *strings.Builder, title string, frames []frame) {
	b.WriteString("Traceback (most recent call last):\n")
	for _, f := range slices.Backward(frames) {
		fmt.Fprintf(b, "  File \"%s\", line %s, in %s\n", f.path, f.number(), f.label)
	}
	b.WriteString(title)
}

func writeNode(b *strings.Builder, title string, frames []frame) {
	fmt.Fprintf(b, "%s\n", title)
	for _, f := range frames {
		fmt.Fprintf(b, "    at %s (%s:%s:0)\n", f.label, f.path, f.number())
	}
}

func writeDotnet(b *strings.Builder, title string, frames []frame) {
	fmt.Fprintf(b, "%s\n", title)
	for _, f := range frames {
		fmt.Fprintf(b, "   at %s in %s:line %s\n", f.label, f.path, f.number())
	}
}

func (f frame) place() string {
	if f.line == "" {
		return f.path
	}
	return f.path + ":" + f.line
}

func (f frame) number() string {
	if f.line == "" {
		return "0"
	}
	return f.line
}
