package store

import (
	"context"
	"fmt"
)

// Each calls f with every trace that q selects, newest start first, put
// together as Traces does; q.Limit and q.Token are not looked at. It ends with
// f's error if f returns one. F may call the store's other methods.
//
// By ByReceipt it selects the traces of which a document arrived in the range;
// what of such a trace lies in it, Trace.Received tells.
func (s *Store) Each(ctx context.Context, q Query, f func(*Trace) error) error {
	q.Limit, q.Token = 256, ""
	for {
		page, err := s.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, ref := range page.Refs {
			if err := f(ref.Trace); err != nil {
				return fmt.Errorf("trace %s: %w", ref.TraceID, err)
			}
		}
		if page.Next == "" {
			return nil
		}
		q.Token = page.Next
	}
}
