package xray

import (
	"bytes"
	"maps"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/daemon"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/strategy/sampling"
)

// Emitter sends segments. Emit is called with a closed segment, or a
// subsegment that is sent on its own, whose lock is held for writing.
type Emitter interface {
	Emit(seg *Segment)
	RefreshEmitterWithAddress(raddr *net.UDPAddr)
}

// Header begins every datagram for the daemon.
const Header = `{"format": "json", "version": 1}` + "\n"

// maxDatagram is how large a document is sent at most: X-Ray takes 64 KB, and
// a datagram holds no more than 65,507 bytes.
const maxDatagram = 64000

// DefaultEmitter sends documents to the daemon, one in each UDP datagram.
type DefaultEmitter struct {
	sync.Mutex
	conn   *net.UDPConn
	addr   *net.UDPAddr
	name   string    // host:port to look up; of the emitter that nobody chose
	looked time.Time // when
	buf    []byte
}

// lookUpEvery is how often the daemon's name is looked up: it may move.
const lookUpEvery = 30 * time.Second

// lookUpAgain is how soon it is looked up again if there was none.
const lookUpAgain = time.Second

// NewDefaultEmitter returns an emitter to an address. It opens a socket when
// it sends the first document.
func NewDefaultEmitter(raddr *net.UDPAddr) (*DefaultEmitter, error) {
	return &DefaultEmitter{addr: raddr}, nil
}

// newDaemonEmitter returns the emitter that is used if nobody chose one. It
// finds the daemon when it sends the first document.
func newDaemonEmitter() *DefaultEmitter {
	e := &DefaultEmitter{name: daemon.Default}
	if addresses, ok, err := daemon.FromEnvironment(); err != nil {
		logger.Errorf("%s: %v; using %s", daemon.Variable, err, daemon.Default)
	} else if ok {
		e.name = addresses.UDP
	}
	return e
}

// setName points the emitter, and a centralized strategy, to another daemon,
// unless the environment variable names one.
func (e *DefaultEmitter) setName(address string, strategy sampling.Strategy) error {
	addresses, ok, err := daemon.FromEnvironment()
	if !ok {
		addresses, err = daemon.Parse(address)
	}
	if err != nil {
		return err
	}
	if centralized, ok := strategy.(*sampling.CentralizedStrategy); ok {
		centralized.LoadDaemonAddress(addresses.TCP)
	}
	e.Lock()
	defer e.Unlock()
	e.name, e.looked = addresses.UDP, time.Time{}
	return nil
}

// RefreshEmitterWithAddress points the emitter to another address.
func (e *DefaultEmitter) RefreshEmitterWithAddress(raddr *net.UDPAddr) {
	e.Lock()
	defer e.Unlock()
	e.name = ""
	e.dial(raddr)
}

func (e *DefaultEmitter) dial(raddr *net.UDPAddr) {
	conn, err := net.DialUDP("udp", nil, raddr)
	if err != nil {
		logger.Errorf("emitter: %v", err)
		return
	}
	if e.conn != nil {
		e.conn.Close()
	}
	e.conn, e.addr = conn, raddr
	logger.Infof("Emitter using address: %v", raddr)
}

// connect has a socket ready, if it can.
func (e *DefaultEmitter) connect() bool {
	if e.name != "" && time.Since(e.looked) > lookUpEvery {
		e.looked = time.Now()
		raddr, err := net.ResolveUDPAddr("udp", e.name)
		if err != nil {
			logger.Errorf("emitter: %v", err)
			e.looked = e.looked.Add(lookUpAgain - lookUpEvery)
		} else if e.addr == nil || e.addr.String() != raddr.String() {
			e.dial(raddr)
		}
	}
	if e.conn == nil && e.addr != nil {
		e.dial(e.addr)
	}
	return e.conn != nil
}

// Emit sends a segment with its subsegments, some of them on their own if there
// are many or the document is large. Segments that are not sampled are not
// sent.
func (e *DefaultEmitter) Emit(seg *Segment) {
	defer func() {
		if p := recover(); p != nil {
			logger.Errorf("panic emitting a segment: %v\n%s", p, debug.Stack())
		}
	}()
	if seg == nil || !seg.segment().Sampled {
		return
	}
	documents := pack(seg)
	e.Lock()
	defer e.Unlock()
	for _, document := range documents {
		if !e.connect() {
			return
		}
		if logger.Debugging() {
			logger.Debugf("%s", document)
		}
		e.buf = append(append(e.buf[:0], Header...), document...)
		if _, err := e.conn.Write(e.buf); err != nil {
			logger.Errorf("emitter: %v", err)
		}
	}
}

// pack makes the documents of a segment: those of subsegments that go on their
// own, then its own.
func pack(seg *Segment) [][]byte {
	if seg.tree() == nil {
		seg.record.CompareAndSwap(nil, &recording{}) // of a segment that the program made
		seg.rec().rest.Store(&rest{tree: &tree{}})
	}
	var documents [][]byte
	strategy := seg.streaming()
	seg.packChildren(strategy, &documents)
	text := seg.trimmed(strategy, &documents)
	seg.tree().children = nil
	return append(documents, text)
}

func (s *Segment) streaming() StreamingStrategy {
	if c := s.segment().Configuration; c != nil && c.StreamingStrategy != nil {
		return c.StreamingStrategy
	}
	return global.Load().StreamingStrategy
}

// packChildren fills Subsegments, for each child that there is to send one.
func (s *Segment) packChildren(strategy StreamingStrategy, documents *[][]byte) {
	s.Subsegments = s.Subsegments[:0:0]
	kept := s.tree().children[:0]
	for _, child := range s.tree().children {
		child.Lock()
		if !child.Emitted && !child.rec().removed && !child.Dummy {
			child.Emitted = !child.InProgress // the others are sent again when they are closed
			child.packChildren(strategy, documents)
			text := child.trimmed(strategy, documents)
			child.tree().children, child.Subsegments = nil, nil
			kept = append(kept, child)
			s.Subsegments = append(s.Subsegments, text)
		}
		child.Unlock()
	}
	clear(s.tree().children[len(kept):])
	s.tree().children = kept
}

// trimmed is the document of a segment whose Subsegments are filled, without
// those that the strategy wants on their own or that make it too large.
func (s *Segment) trimmed(strategy StreamingStrategy, documents *[][]byte) []byte {
	for len(s.tree().children) > 0 && strategy.RequiresStreaming(s) {
		before := len(s.tree().children)
		*documents = append(*documents, strategy.StreamCompletedSubsegments(s)...)
		if len(s.tree().children) == before {
			break // a strategy that cannot
		}
	}
	text := s.document()
	for len(text) > maxDatagram && len(s.tree().children) > 0 {
		*documents = append(*documents, s.takeChild())
		if len(s.tree().children)%8 == 0 || len(s.tree().children) < 8 {
			text = s.document()
		}
	}
	if len(text) > maxDatagram {
		text = s.smaller()
	}
	return text
}

// takeChild takes a subsegment out of a segment and returns its document.
func (s *Segment) takeChild() []byte {
	last := len(s.tree().children) - 1
	child, text := s.tree().children[last], s.Subsegments[last]
	s.tree().children[last] = nil
	s.tree().children, s.Subsegments = s.tree().children[:last], s.Subsegments[:last]
	s.segment().tree().total.Add(-1)
	return alone(text, s, child)
}

// alone adds to the document of a subsegment what it has when it is sent on its
// own.
func alone(text []byte, parent, child *Segment) []byte {
	head := make([]byte, 0, len(text)+32)
	head = append(head, `{"type":"subsegment",`...)
	if child.ParentID == "" {
		head = append(append(append(head, `"parent_id":"`...), parent.ID...), `",`...)
	}
	return append(head, bytes.TrimPrefix(text, []byte("{"))...)
}

// smaller is the document without its largest metadata, so that it can be sent.
func (s *Segment) smaller() []byte {
	doc := s.copy()
	doc.Metadata = maps.Clone(s.Metadata)
	for len(doc.Metadata) > 0 {
		largest := slices.MaxFunc(slices.Collect(maps.Keys(doc.Metadata)), func(a, b string) int {
			return len(jsonOf(doc.Metadata[a])) - len(jsonOf(doc.Metadata[b]))
		})
		delete(doc.Metadata, largest)
		if text := doc.document(); len(text) <= maxDatagram {
			logger.Warnf("segment %q is too large: its metadata %q is left out", s.Name, largest)
			return text
		}
	}
	logger.Warnf("segment %q is too large: its annotations and stacks are left out", s.Name)
	doc.Annotations, doc.Subsegments = nil, nil
	if doc.SQL != nil {
		sql := *doc.SQL
		sql.SanitizedQuery = cutName(sql.SanitizedQuery)
		doc.SQL = &sql
	}
	if doc.Cause != nil {
		cause := CauseData{WorkingDirectory: doc.Cause.WorkingDirectory}
		for _, e := range doc.Cause.Exceptions[:min(len(doc.Cause.Exceptions), 5)] {
			e.Stack, e.Message = nil, cutName(e.Message)
			cause.Exceptions = append(cause.Exceptions, e)
		}
		doc.Cause = &cause
	}
	return doc.document()
}
