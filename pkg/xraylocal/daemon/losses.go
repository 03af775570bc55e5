package daemon

import (
	"log/slog"
	"sync"
	"time"
)

// logInterval is the least time between two log entries with the same reason.
const logInterval = time.Minute

// losses logs what is lost: the first time at once, then once an interval, with
// the number since. It is safe for concurrent use.
type losses struct {
	logger *slog.Logger

	mu      sync.Mutex
	reasons map[string]*loss
}

type loss struct {
	documents int64 // since the last entry
	logged    time.Time
	err       error // the latest
}

func newLosses(logger *slog.Logger) *losses {
	return &losses{logger: logger, reasons: make(map[string]*loss)}
}

// add notes that n documents are lost; err, if any, says more.
func (l *losses) add(reason string, n int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := l.reasons[reason]
	if lost == nil {
		lost = new(loss)
		l.reasons[reason] = lost
	}
	lost.documents += n
	lost.err = err
	if time.Since(lost.logged) >= logInterval {
		l.write(reason, lost)
	}
}

// log logs what has not been yet.
func (l *losses) log() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for reason, lost := range l.reasons {
		if lost.documents > 0 {
			l.write(reason, lost)
		}
	}
}

func (l *losses) write(reason string, lost *loss) {
	l.logger.Warn("The daemon has lost segment documents", "reason", reason, "documents", lost.documents, "error", lost.err)
	lost.documents, lost.logged = 0, time.Now()
}
