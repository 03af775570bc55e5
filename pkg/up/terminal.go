package up

import (
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal says whether a person watches what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
