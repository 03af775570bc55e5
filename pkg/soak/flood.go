package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/bragg-tracing/bragg/pkg/verify"
)

// datagrams are those of a flood: nobody acknowledges them, so each must be
// stored by both backends, or counted as lost. Nil is no flood.
type datagrams struct {
	ids  map[string]bool
	read int // datagrams that the receiver has read or counted as lost, others' included
}

// missing is how many are not in both backends.
func (d *datagrams) missing(c *census) int {
	if d == nil {
		return 0
	}
	n := 0
	for id := range d.ids {
		if c.inXRay[id] == 0 && !c.queuedX[id] || c.inNewRelic[id] == 0 && !c.queuedN[id] {
			n++
		}
	}
	return n
}

// counted is how many documents the collector says are lost, before and behind
// its pipelines.
func (d *datagrams) counted(grown verify.Counts) float64 {
	every := func(string) bool { return true }
	received, _ := grown.Sum("receiver_awsxray_dropped_documents", every)
	exported, _ := grown.Sum("exporter_awsxray_dropped_documents", every)
	return received + exported
}

// judge wants as many missing as are counted. The demo sends datagrams too, of
// which some may be among those that are counted.
func (d *datagrams) judge(c *census, grown verify.Counts, o *outcome) {
	if d == nil {
		return
	}
	missing, counted, others := d.missing(c), int(d.counted(grown)), d.read-len(d.ids)
	o.note += fmt.Sprintf("; %d not in both backends, %d counted as lost", missing, counted)
	if missing > counted || counted > missing+max(0, others) {
		o.failures = append(o.failures, fmt.Sprintf("of %d documents %d are not in both backends, and %d are counted as lost", len(d.ids), missing, counted))
	}
}

// flood sends datagrams as fast as it can. What the receiver could not read must
// be counted.
func flood(ctx context.Context, l *lab) (string, error) {
	before, err := l.collector.counts(ctx)
	if err != nil {
		return "", err
	}
	conn, err := net.Dial("udp", l.collector.daemon())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	d := &datagrams{ids: make(map[string]bool, l.inputs)}
	send := func() {
		id := fmt.Sprintf("%016x", len(d.ids)+1)
		if _, err := conn.Write([]byte(daemonHeader + document(id, time.Now()))); err == nil {
			d.ids[id] = true
		}
	}
	for range l.inputs {
		if send(); ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	for range 20 { // the kernel's losses are told with the next datagram
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return "", err
		}
		send()
	}
	if err := pause(ctx, time.Second); err != nil {
		return "", err
	}
	after, err := l.collector.counts(ctx)
	if err != nil {
		return "", err
	}
	grown, every := after.Since(before), func(string) bool { return true }
	received, _ := grown.Sum("receiver_awsxray_received_datagrams", every)
	_, why := grown.Sum("receiver_awsxray_dropped_documents", every)
	d.read = int(received + why["socket"])
	l.datagrams = d
	note := fmt.Sprintf("%d datagrams: %.0f read, %.0f lost in the kernel's buffer", len(d.ids), received, why["socket"])
	// The demo's own datagrams are among those that were read.
	if short := len(d.ids) - d.read; short > 0 {
		return note, verdictf("%d datagrams of %d are neither read nor counted as lost", short, len(d.ids))
	}
	return note, nil
}
