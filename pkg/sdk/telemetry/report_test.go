package telemetry

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReportOncePerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := report{logger: slog.New(slog.NewTextHandler(&log, nil)), message: "failed"}
		for range 150 { // 2.5 minutes
			r.Handle(errors.New("refused"))
			time.Sleep(time.Second)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 || strings.Contains(lines[0], "not_logged") || !strings.Contains(lines[2], "not_logged_before=59") {
			t.Errorf("log of 2.5 minutes:\n%s", &log)
		}
	})
}
