package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// Report is the plan's findings, by kind, for a terminal.
func (p *Plan) Report() string {
	var b strings.Builder
	if len(p.Changes) == 0 {
		b.WriteString("Nothing to change: " + p.nothing() + "\n")
	}
	for _, kind := range []Kind{Changes, Better, Differs, Person, Deploy} {
		p.section(&b, kind)
	}
	return b.String()
}

// nothing says why nothing changes.
func (p *Plan) nothing() string {
	switch {
	case slices.ContainsFunc(p.Findings, func(f Finding) bool { return f.Kind == Person }):
		return "what uses the X-Ray SDK here needs a person."
	case p.migrated:
		return "the packages are migrated already."
	}
	return "no package uses github.com/aws/aws-xray-sdk-go."
}

func (p *Plan) section(b *strings.Builder, kind Kind) {
	first := true
	for _, f := range p.Findings {
		if f.Kind != kind {
			continue
		}
		if first {
			if b.Len() > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(b, "What %s:\n", kind)
			first = false
		}
		b.WriteString("  ")
		switch {
		case f.File != "" && f.Line > 0:
			fmt.Fprintf(b, "%s:%d: ", f.File, f.Line)
		case f.File != "":
			fmt.Fprintf(b, "%s: ", f.File)
		}
		b.WriteString(f.Text + "\n")
	}
}
