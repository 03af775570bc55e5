package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/index"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A LinkIn is a link that another trace has to one: a message that was received, or
// a link between spans.
type LinkIn struct {
	TraceID string       // the trace that has the link
	Start   float64      // of its first segment, seconds since the epoch; 0 without one
	Entity  string       // id of the segment or subsegment there
	ID      string       // of what it links to
	Kind    string       // what kind of link it is, "" if it does not tell
	Facts   *index.Facts // what is known of that trace; nil if nothing is
}

// Request returns what that trace served, in short: method and path or the name of
// the service; "" if that is not known.
func (l *LinkIn) Request() string {
	if l.Facts == nil || !l.Facts.Whole() {
		return ""
	}
	if request := strings.TrimSpace(l.Facts.Text(filter.HTTPMethod) + " " + timeline.Path(l.Facts.Text(filter.HTTPURL))); request != "" {
		return request
	}
	for name := range l.Facts.Services() {
		return string(name)
	}
	return ""
}

// LinksTo returns the links of other traces to the one with an id in X-Ray's form,
// which need not be stored: at most limit, of the traces that began last, and how
// many there are.
func (s *Store) LinksTo(ctx context.Context, traceID string, limit int) (links []LinkIn, all int, err error) {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("find links to %s: %w", traceID, err)
	}
	defer tx.Rollback() // it only read
	const from = ` FROM links l JOIN traces t ON t.num = l.source WHERE l.target = ?1 AND t.id <> ?1 AND l.namespace = `
	if err := tx.QueryRowContext(ctx, `SELECT count(*)`+from+inNamespace("?2"), idBytes(traceID), s.namespace).Scan(&all); err != nil {
		return nil, 0, fmt.Errorf("count links to %s: %w", traceID, err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT t.id, coalesce(t.start, 0), l.entity, l.id, l.kind,
		CASE WHEN t.shape IS NULL THEN NULL ELSE (SELECT body FROM facts WHERE trace = t.num) END`+from+inNamespace("?2")+`
		ORDER BY t.start DESC, t.num DESC, l.entity, l.id LIMIT ?3`, idBytes(traceID), s.namespace, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("find links to %s: %w", traceID, err)
	}
	defer rows.Close()
	for rows.Next() {
		var l LinkIn
		var id, body []byte
		if err := rows.Scan(&id, &l.Start, &l.Entity, &l.ID, &l.Kind, &body); err != nil {
			return nil, 0, fmt.Errorf("find links to %s: %w", traceID, err)
		}
		l.TraceID = idText(id)
		if facts, err := index.ReadFacts(body); err == nil {
			l.Facts = &facts
		}
		links = append(links, l)
	}
	return links, all, rows.Err()
}

// A link is one as it is stored.
type link struct {
	target           []byte
	entity, id, kind string
}

// appendLinks appends the links of a document and of what it holds to other traces.
func appendLinks(links []link, doc *segment.Document) []link {
	for _, l := range doc.Links {
		if target, ok := segment.FormatTraceID(l.TraceID); ok && target != doc.TraceID {
			links = append(links, link{idBytes(target), doc.ID, l.ID, assembly.LinkKind(l)})
		}
	}
	for _, sub := range doc.Subsegments {
		links = appendLinks(links, sub)
	}
	return links
}

// link writes the links of a document that a trace has accepted, in the place of
// those of the one that it replaces, if that is not nil.
func (t *transaction) link(trace *state, before, doc *segment.Document) error {
	if before != nil {
		for _, l := range appendLinks(nil, before) {
			if _, err := t.deleteEntityLinks.Exec(trace.num, l.entity); err != nil {
				return err
			}
		}
	}
	return t.writeLinks(trace.namespace, trace.num, appendLinks(nil, doc))
}

func (t *transaction) writeLinks(namespace, source int64, links []link) error {
	for _, l := range links {
		if _, err := t.newLink.Exec(namespace, l.target, source, l.entity, l.id, l.kind); err != nil {
			return err
		}
	}
	return nil
}
