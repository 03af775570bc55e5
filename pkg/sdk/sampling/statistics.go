package sampling

import (
	"sync/atomic"
	"time"
)

// statistics is what a rule counts between two reports, and what X-Ray answered
// to the last one.
type statistics struct {
	reservoir
	requests, sampled, borrowed atomic.Int64
	target                      atomic.Pointer[target] // nil before the first answer

	due time.Duration // of the next report; only the poller reads and writes it
}

// target is what X-Ray gave this process of a rule.
type target struct {
	quota   int64         // requests a second from the reservoir
	expires time.Duration // when the quota ends; 0 if there is none
	rate    float64
}

// statisticsDocument reports one rule.
// https://docs.aws.amazon.com/xray/latest/api/API_SamplingStatisticsDocument.html
type statisticsDocument struct {
	RuleName     string
	ClientID     string
	Timestamp    int64 // seconds since the epoch
	RequestCount int64
	SampledCount int64
	BorrowCount  int64
}

// collect moves the counts into a document.
func (s *statistics) collect() statisticsDocument {
	// Requests last: a decision under way counts the request first, so that no
	// report has more samples than requests.
	d := statisticsDocument{BorrowCount: s.borrowed.Swap(0), SampledCount: s.sampled.Swap(0)}
	d.RequestCount = s.requests.Swap(0)
	return d
}

// restore puts counts back that could not be reported.
func (s *statistics) restore(d statisticsDocument) {
	s.requests.Add(d.RequestCount)
	s.sampled.Add(d.SampledCount)
	s.borrowed.Add(d.BorrowCount)
}

// setRate changes the rate of a target that there is: the rule has a new one.
func (s *statistics) setRate(rate float64) {
	if t := s.target.Load(); t != nil {
		changed := *t
		changed.rate = rate
		s.target.Store(&changed)
	}
}
