package xray

import (
	"errors"
)

// StreamingStrategy says when subsegments are sent on their own instead of in
// their segment's document. It is asked by the emitter; spans always go on
// their own.
type StreamingStrategy interface {
	RequiresStreaming(seg *Segment) bool
	StreamCompletedSubsegments(seg *Segment) [][]byte
}

// DefaultStreamingStrategy keeps at most MaxSubsegmentCount subsegments in a
// segment's document.
type DefaultStreamingStrategy struct {
	MaxSubsegmentCount uint32
}

const defaultSubsegmentCount = 20

// NewDefaultStreamingStrategy returns a strategy that keeps 20.
func NewDefaultStreamingStrategy() (*DefaultStreamingStrategy, error) {
	return &DefaultStreamingStrategy{MaxSubsegmentCount: defaultSubsegmentCount}, nil
}

// NewDefaultStreamingStrategyWithMaxSubsegmentCount returns a strategy that
// keeps a number that is above 0.
func NewDefaultStreamingStrategyWithMaxSubsegmentCount(maxSubsegmentCount int) (*DefaultStreamingStrategy, error) {
	if maxSubsegmentCount <= 0 {
		return nil, errors.New("maxSubsegmentCount must be a non-negative integer")
	}
	return &DefaultStreamingStrategy{MaxSubsegmentCount: uint32(maxSubsegmentCount)}, nil
}

// RequiresStreaming reports whether there are too many subsegments in the
// segment that seg is part of.
func (d *DefaultStreamingStrategy) RequiresStreaming(seg *Segment) bool {
	segment := seg.segment()
	return segment.tree() != nil && segment.Sampled && int64(segment.tree().total.Load()) > int64(d.MaxSubsegmentCount)
}

// StreamCompletedSubsegments takes one subsegment out of seg, which an emitter
// is packing, and returns its document.
func (d *DefaultStreamingStrategy) StreamCompletedSubsegments(seg *Segment) [][]byte {
	if seg.tree() == nil || len(seg.tree().children) == 0 || len(seg.tree().children) != len(seg.Subsegments) {
		return nil
	}
	return [][]byte{seg.takeChild()}
}
