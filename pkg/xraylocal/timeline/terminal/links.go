package terminal

import (
	"bufio"
	"cmp"
	"fmt"
	"io"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/summary"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// mostLinks is how many links are written each way.
const mostLinks = 10

// WriteLinks writes below a trace which others its rows link to, and which link to
// it: the newest, of all. It writes nothing if there are none. The error is out's.
func (s Screen) WriteLinks(out io.Writer, t *timeline.Timeline, from []summary.LinkIn, all int) error {
	w := bufio.NewWriter(out)
	links := 0
	for i := range t.Rows {
		r := &t.Rows[i]
		for _, l := range r.Document.Links {
			if links++; links == 1 {
				fmt.Fprintln(w, "\nLinks to")
			}
			if links <= mostLinks {
				s.writeLink(w, l.TraceID, assembly.LinkKind(l), "by "+clean(r.Name))
			}
		}
	}
	if links > mostLinks {
		fmt.Fprintf(w, "  and %d more\n", links-mostLinks)
	}
	if len(from) > 0 {
		fmt.Fprintln(w, "\nLinked from")
	}
	for _, l := range from[:min(len(from), mostLinks)] {
		s.writeLink(w, l.TraceID, l.Kind, cmp.Or(clean(l.Request), "(nothing is known of it)"))
	}
	if shown := min(len(from), mostLinks); all > shown {
		fmt.Fprintf(w, "  and %d more\n", all-shown)
	}
	return w.Flush()
}

func (s Screen) writeLink(w io.Writer, id, kind, text string) {
	if kind != "" {
		text += " (" + clean(kind) + ")"
	}
	fmt.Fprintf(w, "  %s  %s\n", s.paint(dim, clean(id)), s.cut(text, max(s.width()-len(id)-4, 8)))
}
