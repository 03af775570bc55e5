package insights

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/servicegraph"
)

// An Insight is a time in which services that call each other failed more than
// before.
type Insight struct {
	ID        string // a UUID: the same whenever it is found in the same data
	Start     int64  // seconds since the epoch
	End       int64  // 0 if it is still going on
	Updated   int64  // of what was the last thing that Events tell
	RootCause servicegraph.Service
	Anomalous []Anomaly // the most additional faults first; at least one
	Clients   Counts    // what clients saw from Start to End
	Root      Counts    // what the root cause did
	Summary   string
	Events    []Event // newest first; at least one
}

// Active reports whether the insight is still going on.
func (i *Insight) Active() bool { return i.End == 0 }

// An Anomaly is one service of an insight.
type Anomaly struct {
	Service  servicegraph.Service
	Expected float64 // share of faults before
	Counts   Counts  // since the insight's start
}

// additional returns how many faults there were more than usual.
func (a *Anomaly) additional() float64 {
	return float64(a.Counts.Fault) - a.Expected*float64(a.Counts.Total)
}

// An Event says how an insight stood at a time.
type Event struct {
	Time      int64 // seconds since the epoch
	Anomalous []Anomaly
	Clients   Counts
	Root      Counts
	Summary   string
}

// Insights returns what is found in the history up to now, in seconds since the
// epoch, of the group with this name, oldest first.
func (h *History) Insights(group string, now int64) []Insight {
	var anomalies []anomaly
	for service, s := range h.services {
		anomalies = append(anomalies, detect(service, s, now/60)...)
	}
	slices.SortFunc(anomalies, func(a, b anomaly) int {
		return cmp.Or(cmp.Compare(a.opened, b.opened), a.service.Compare(b.service))
	})
	var found []Insight
	for _, members := range h.join(anomalies) {
		found = append(found, h.insight(group, members, now))
	}
	slices.SortFunc(found, func(a, b Insight) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), strings.Compare(a.ID, b.ID))
	})
	return found
}

// join groups the anomalies, in the order given, that were there together and of
// which one service calls the other.
func (h *History) join(anomalies []anomaly) [][]anomaly {
	group := make([]int, len(anomalies)) // of each: the index of the first in its group
	for i := range anomalies {
		group[i] = i
		for j := range i {
			if h.related(&anomalies[i], &anomalies[j]) {
				merge(group[:i+1], group[i], group[j])
			}
		}
	}
	byFirst := make(map[int][]anomaly)
	for i, first := range group {
		byFirst[first] = append(byFirst[first], anomalies[i])
	}
	var groups [][]anomaly
	for _, first := range slices.Sorted(maps.Keys(byFirst)) {
		groups = append(groups, byFirst[first])
	}
	return groups
}

// merge gives the members of two groups the lower of their numbers.
func merge(group []int, a, b int) {
	for i, g := range group {
		if g == a || g == b {
			group[i] = min(a, b)
		}
	}
}

func (h *History) related(a, b *anomaly) bool {
	together := a.start <= b.last+recent && b.start <= a.last+recent
	return together && (h.calls[call{a.service, b.service}] || h.calls[call{b.service, a.service}])
}

// insight makes one of the anomalies that belong together, which come in the
// order in which they were known.
func (h *History) insight(group string, members []anomaly, now int64) Insight {
	start, last, opened := members[0].start, members[0].last, members[0].opened
	for _, a := range members {
		start, last = min(start, a.start), max(last, a.last)
	}
	i := Insight{ID: insightID(group, members[0].opened, h.deepest(firsts(members)).service), Start: start * 60}
	end := last + 1 // minute
	if now/60-last > quiet {
		i.End = end * 60
	}
	root := h.deepest(members).service
	for at := opened + 1; at < end; at += quiet {
		i.Events = append(i.Events, h.event(members, root, start, at, false))
	}
	i.Events = append(i.Events, h.event(members, root, start, end, i.End != 0))
	slices.Reverse(i.Events)
	e := &i.Events[0]
	i.RootCause, i.Updated, i.Anomalous, i.Clients, i.Root, i.Summary = root, e.Time, e.Anomalous, e.Clients, e.Root, e.Summary
	return i
}

// firsts returns the members that were known first.
func firsts(members []anomaly) []anomaly {
	n := 1
	for n < len(members) && members[n].opened == members[0].opened {
		n++
	}
	return members[:n]
}

// deepest returns the member that calls no other member; of several, the one
// that lost most.
func (h *History) deepest(members []anomaly) *anomaly {
	rank := func(a *anomaly) (calls int, lost float64) {
		for j := range members {
			if h.calls[call{a.service, members[j].service}] {
				calls = 1
			}
		}
		counts := h.services[a.service].between(a.start, a.opened)
		return calls, -(&Anomaly{Expected: a.usual.ratio(), Counts: counts}).additional()
	}
	best := &members[0]
	for j := range members[1:] {
		c1, l1 := rank(best)
		c2, l2 := rank(&members[j+1])
		if cmp.Or(cmp.Compare(c2, c1), cmp.Compare(l2, l1)) < 0 {
			best = &members[j+1]
		}
	}
	return best
}

// event says how things stand at the beginning of minute end.
func (h *History) event(members []anomaly, root servicegraph.Service, start, end int64, over bool) Event {
	e := Event{Time: end * 60, Clients: h.clients.between(start, end-1), Root: h.services[root].between(start, end-1)}
	var rootCause Anomaly
	for _, m := range members {
		a := Anomaly{Service: m.service, Expected: m.usual.ratio(), Counts: h.services[m.service].between(start, end-1)}
		if m.service == root {
			rootCause = a
		}
		if m.opened < end && !slices.ContainsFunc(e.Anomalous, func(known Anomaly) bool { return known.Service == a.Service }) {
			e.Anomalous = append(e.Anomalous, a)
		}
	}
	slices.SortStableFunc(e.Anomalous, func(a, b Anomaly) int { return cmp.Compare(b.additional(), a.additional()) })
	e.Summary = summarize(rootCause, e.Clients, over)
	return e
}

// insightID returns a UUID of version 8, whose own data (RFC 9562, section 5.8)
// are the minute and what tells the insight from others of that minute.
func insightID(group string, minute int64, service servicegraph.Service) string {
	hash := sha256.New()
	for _, part := range []string{group, service.Name, service.Type, service.AccountID, service.Region} {
		hash.Write(append(binary.AppendUvarint(nil, uint64(len(part))), part...))
	}
	b := append(binary.BigEndian.AppendUint32(nil, uint32(minute)), hash.Sum(nil)[:12]...)
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	s := hex.EncodeToString(b)
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// Known returns when an insight with this id became known, in seconds since the
// epoch. It is not ok if Insights makes no such id.
func Known(id string) (seconds int64, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 || b[6]>>4 != 8 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint32(b)) * 60, true
}
