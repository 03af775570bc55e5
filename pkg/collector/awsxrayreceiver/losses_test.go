package awsxrayreceiver

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestLossesAreLoggedOnceAMinute counts log entries on a clock of its own.
func TestLossesAreLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, r := settings()
		l, err := newLosses(set.TelemetrySettings, set.ID)
		if err != nil {
			t.Fatal(err)
		}
		l.add(lostInQueue, 1, nil)
		synctest.Wait()
		if n := r.logs.Len(); n != 1 {
			t.Fatalf("%d entries for the first loss", n)
		}
		for range 59 {
			l.add(lostInQueue, 10, errors.New("full"))
			time.Sleep(time.Second)
		}
		if n := r.logs.Len(); n != 1 {
			t.Fatalf("%d entries within a minute", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := r.logs.Len(); n != 2 {
			t.Fatalf("%d entries after a minute", n)
		}
		last := r.logs.All()[1].ContextMap()
		if last["documents"] != int64(590) || last["reason"] != "queue_full" || last["error"] != "full" {
			t.Errorf("entry is %v", last)
		}
		l.add(lostByFraming, 1, nil)
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
		if n := r.logs.Len(); n != 3 {
			t.Errorf("%d entries at the end", n)
		}
		if n := r.counted(t, "dropped_documents", ""); n != 592 {
			t.Errorf("%d counted", n)
		}
	})
}
