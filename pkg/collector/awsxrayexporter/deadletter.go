package awsxrayexporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// A letter is one line of the dead-letter file. Document is what was sent.
type letter struct {
	Time      time.Time `json:"time"`
	Code      string    `json:"code"`
	Message   string    `json:"message"`
	TraceID   string    `json:"trace_id"`
	SegmentID string    `json:"segment_id"`
	Document  string    `json:"document"`
}

// A deadLetter is a file of letters. When it has half of the bytes allowed it
// becomes Path + ".1", in the place of the one before, so that the newest
// letters are kept. Its files can be read by their owner only. A nil one keeps
// nothing. It is safe for concurrent use.
type deadLetter struct {
	path string
	half int64

	mu     sync.Mutex
	file   *os.File // nil until the first letter
	size   int64
	closed bool
}

func newDeadLetter(cfg DeadLetterConfig) *deadLetter {
	if cfg.Path == "" {
		return nil
	}
	return &deadLetter{path: cfg.Path, half: cfg.MaxBytes / 2}
}

// write appends a letter. A letter that is larger than half of the bytes
// allowed is an error.
func (d *deadLetter) write(l letter) error {
	if d == nil {
		return nil
	}
	line, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("dead letter %s: %w", d.path, err)
	}
	line = append(line, '\n')
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fmt.Errorf("dead letter %s: %w", d.path, fs.ErrClosed)
	}
	if int64(len(line)) > d.half {
		return fmt.Errorf("dead letter %s: a line of %d bytes does not fit into half of max_bytes", d.path, len(line))
	}
	if err := d.room(int64(len(line))); err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	n, err := d.file.Write(line)
	d.size += int64(n)
	return err
}

// room opens the file, and first puts a full one aside.
func (d *deadLetter) room(n int64) error {
	if err := d.open(); err != nil {
		return err
	}
	if d.size+n <= d.half {
		return nil
	}
	err := d.file.Close()
	d.file = nil
	if err := errors.Join(err, os.Rename(d.path, d.path+".1")); err != nil {
		return err
	}
	return d.open()
}

func (d *deadLetter) open() error {
	if d.file != nil {
		return nil
	}
	file, err := os.OpenFile(d.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	d.file, d.size = file, info.Size()
	return nil
}

// close closes the file. No letter is written after it.
func (d *deadLetter) close() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file = nil
	return err
}
