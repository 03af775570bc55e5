package main

import (
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// chosen returns the first row, and of the others those whose name contains one
// of the texts, which stand with | between them. "" is all.
func chosen(all []row, only string) []row {
	texts := strings.Split(only, "|")
	some := all[:1:1]
	for _, r := range all[1:] {
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(r.name, text) }) {
			some = append(some, r)
		}
	}
	return some
}

// groups are the rows that may run side by side, by the backend that fails in
// them, and those that may not. Each group has the first row, too, to measure
// what is normal beside the others. An empty group is none.
func groups(all []row) (side map[string][]row, alone []row) {
	first := all[0]
	side, alone = map[string][]row{}, []row{first}
	for _, r := range all[1:] {
		name := "both"
		switch {
		case r.alone:
			alone = append(alone, r)
			continue
		case r.well == verify.NewRelic:
			name = "X-Ray"
		case r.well == verify.XRay:
			name = "New Relic"
		}
		if side[name] == nil {
			side[name] = []row{first}
		}
		side[name] = append(side[name], r)
	}
	return side, alone
}
