package awsxrayexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"go.uber.org/zap"
)

// call sends one request when a worker is free and the rate allows it.
func (s *sender) call(ctx context.Context, documents []document) ([]types.UnprocessedTraceSegment, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := s.rate.wait(ctx, len(documents)); err != nil {
		return nil, err
	}
	data := s.bodies.Get().(*[]byte)
	*data = appendPut((*data)[:0], documents)
	start := time.Now()
	unprocessed, sent, err := s.backend.putSegments(ctx, *data)
	s.metrics.put(ctx, time.Since(start), len(*data), err)
	if sent {
		s.bodies.Put(data)
	}
	if err != nil {
		s.telemetry.failed(err)
		s.logger.Debug("a put failed", zap.Int("documents", len(documents)), zap.Error(err))
	}
	return unprocessed, err
}

// judge sorts the documents of a request that was answered. X-Ray names an
// unprocessed document by its id only. Should it name one that was not sent (or
// none) and ask to try again, then all that it did not name are tried again.
func (s *sender) judge(ctx context.Context, documents []document, unprocessed []types.UnprocessedTraceSegment) outcome {
	if len(unprocessed) == 0 {
		s.settle(ctx, len(documents), 0, 0)
		return outcome{}
	}
	failures := map[string]types.UnprocessedTraceSegment{}
	for _, u := range unprocessed {
		s.metrics.unprocessed.Add(ctx, 1, s.metrics.code(aws.ToString(u.ErrorCode)))
		failures[aws.ToString(u.Id)] = u
	}
	if len(documents) == 1 { // it can be no other
		failures = map[string]types.UnprocessedTraceSegment{documents[0].id(): unprocessed[0]}
	}
	var (
		o     outcome
		slow  int
		taken []document
		named = map[string]bool{}
	)
	for i := range documents {
		d := &documents[i]
		u, failed := failures[d.id()]
		if !failed {
			taken = append(taken, *d)
			continue
		}
		named[d.id()] = true
		code, message := aws.ToString(u.ErrorCode), aws.ToString(u.Message)
		switch documentKind(code) {
		case invalid:
			s.refuse(ctx, d, code, message)
			o.refused++
			continue
		case throttled:
			slow++
		}
		o.left = append(o.left, *d)
		o.err = fmt.Errorf("unprocessed: %s: %s", code, message)
	}
	for id, u := range failures {
		if named[id] {
			continue
		}
		code := aws.ToString(u.ErrorCode)
		s.logger.Error("X-Ray did not process a document that it does not name: "+code,
			zap.String("segment_id", id), zap.String("reason", aws.ToString(u.Message)))
		if documentKind(code) != invalid && len(taken) > 0 {
			o.left, taken = append(o.left, taken...), nil
			o.err = fmt.Errorf("unprocessed: %s", code)
		}
	}
	s.settle(ctx, len(taken), o.refused, slow)
	return o
}

// settle records what an answer said of the documents of a request.
func (s *sender) settle(ctx context.Context, taken, refused, slow int) {
	s.rate.observe(taken+refused, slow)
	s.metrics.sent.Add(ctx, int64(taken), s.metrics.self)
	s.telemetry.settled(taken, refused)
	if slow > 0 {
		s.metrics.throttled.Add(ctx, int64(slow), s.metrics.self)
	}
}

// refuse gives up a document: it is counted, logged and put into the dead
// letters.
func (s *sender) refuse(ctx context.Context, d *document, code, message string) {
	s.metrics.dropped.Add(ctx, 1, s.metrics.reason("refused"))
	traceID, segmentID := xrayTraceID(d.trace), d.id()
	s.logger.Error("X-Ray refused a document: "+code, zap.String("reason", message),
		zap.String("trace_id", traceID), zap.String("segment_id", segmentID))
	letter := letter{Time: time.Now().UTC(), Code: code, Message: message, TraceID: traceID, SegmentID: segmentID}
	if err := json.Unmarshal(d.body, &letter.Document); err != nil {
		letter.Document = string(d.body)
	}
	if err := s.letters.write(letter); err != nil {
		s.logger.Error("a refused document could not be kept", zap.Error(err))
	}
}

// xrayTraceID is a trace id as X-Ray writes it.
func xrayTraceID(id [16]byte) string { return fmt.Sprintf("1-%x-%x", id[:4], id[4:]) }
