package insights

import (
	"fmt"
	"math"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// summarize says in sentences what happened.
func summarize(root Anomaly, clients Counts, over bool) string {
	verb := "are"
	if over {
		verb = "were"
	}
	s := fmt.Sprintf("Faults of %s %s at %s (%s), expected %s.", nameOf(root.Service), verb,
		percent(root.Counts.ratio()), of(root.Counts), percent(root.Expected))
	if clients.Total > 0 {
		s += fmt.Sprintf(" Of the requests of clients, %s failed (%s).", percent(clients.ratio()), of(clients))
	}
	return s + " Found by X-Ray Local's own heuristic, not by AWS's model."
}

func nameOf(s servicegraph.Service) string {
	if s.Type == "" {
		return s.Name
	}
	return s.Name + " (" + s.Type + ")"
}

func of(c Counts) string { return fmt.Sprintf("%d of %d", c.Fault, c.Total) }

func percent(ratio float64) string {
	return fmt.Sprintf("%g%%", math.Round(ratio*1000)/10)
}
