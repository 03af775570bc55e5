package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Resource is what a stateful operation keeps: a group, a sampling rule, a
// policy. Its body is its owner's business.
type Resource struct {
	Key  string
	Body []byte
}

// ErrNoResource is returned for a resource that is not there.
var ErrNoResource = errors.New("no such resource")

// Resource returns the body of one resource, or ErrNoResource.
func (s *Store) Resource(ctx context.Context, kind, key string) ([]byte, error) {
	var body []byte
	err := s.read.QueryRowContext(ctx, `
		SELECT body FROM resources WHERE kind = ?1 AND key = ?2 AND namespace = `+inNamespace("?3"),
		kind, key, s.namespace).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoResource
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, key, err)
	}
	return body, nil
}

// Resources returns all resources of a kind, in the order of their keys.
func (s *Store) Resources(ctx context.Context, kind string) ([]Resource, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT key, body FROM resources WHERE kind = ?1 AND namespace = `+inNamespace("?2")+` ORDER BY key`,
		kind, s.namespace)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	all, err := scanResources(rows)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	return all, nil
}

// PutResource stores a resource, in the place of one with the same kind and
// key, and returns when it is committed.
func (s *Store) PutResource(ctx context.Context, kind, key string, body []byte) error {
	return s.UpdateResource(ctx, kind, key, func([]byte) ([]byte, error) { return body, nil })
}

// PutResources stores resources of a kind likewise, and deletes those with a nil
// Body: all or none.
func (s *Store) PutResources(ctx context.Context, kind string, changed []Resource) error {
	return s.change(ctx, kind, func(*transaction, int64) ([]Resource, error, error) { return changed, nil, nil })
}

// DeleteResource removes a resource; it is no error if there is none.
func (s *Store) DeleteResource(ctx context.Context, kind, key string) error {
	return s.UpdateResource(ctx, kind, key, func([]byte) ([]byte, error) { return nil, nil })
}

// UpdateResource replaces a resource by what f makes of it, and returns when
// that is committed; nothing else writes in between. f gets nil if there is no
// such resource, and returns nil to have none. If f returns an error nothing is
// changed, and UpdateResource returns an error that wraps it. While f runs all
// writing waits: it must be quick, and call no method of the Store.
func (s *Store) UpdateResource(ctx context.Context, kind, key string, f func(old []byte) ([]byte, error)) error {
	return s.change(ctx, kind, func(t *transaction, namespace int64) (changed []Resource, refused, err error) {
		var old []byte
		err = t.conn.QueryRowContext(context.Background(), `SELECT body FROM resources WHERE namespace = ? AND kind = ? AND key = ?`, namespace, kind, key).Scan(&old)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, nil, err
		}
		body, refused := f(old)
		return []Resource{{key, body}}, refused, nil
	})
}

// UpdateResources changes several resources of a kind at once, all or none. F
// gets all of that kind, in the order of their keys, and returns those to
// write, with a nil Body those to delete. Else it is as UpdateResource.
func (s *Store) UpdateResources(ctx context.Context, kind string, f func(all []Resource) ([]Resource, error)) error {
	return s.change(ctx, kind, func(t *transaction, namespace int64) (changed []Resource, refused, err error) {
		rows, err := t.conn.QueryContext(context.Background(), `SELECT key, body FROM resources WHERE namespace = ? AND kind = ? ORDER BY key`, namespace, kind)
		if err != nil {
			return nil, nil, err
		}
		all, err := scanResources(rows)
		if err != nil {
			return nil, nil, err
		}
		changed, refused = f(all)
		return changed, refused, nil
	})
}

// change has the writer call f and write what it returns, unless it refuses.
func (s *Store) change(ctx context.Context, kind string, f func(*transaction, int64) (changed []Resource, refused, err error)) error {
	r := new(request)
	r.change = func(t *transaction, namespace int64) error {
		changed, refused, err := f(t, namespace)
		if r.refused = refused; err != nil || refused != nil {
			return err
		}
		for _, c := range changed {
			if err := t.putResource(namespace, kind, c); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.do(ctx, r); err != nil {
		return fmt.Errorf("update %s: %w", kind, err)
	}
	return nil
}

func scanResources(rows *sql.Rows) (all []Resource, err error) {
	defer rows.Close()
	for rows.Next() {
		var r Resource
		if err := rows.Scan(&r.Key, &r.Body); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func (t *transaction) putResource(namespace int64, kind string, r Resource) error {
	query, args := `DELETE FROM resources WHERE namespace = ? AND kind = ? AND key = ?`, []any{namespace, kind, r.Key}
	if r.Body != nil {
		query, args = `INSERT OR REPLACE INTO resources (namespace, kind, key, body) VALUES (?, ?, ?, ?)`, append(args, r.Body)
	}
	if _, err := t.conn.ExecContext(context.Background(), query, args...); err != nil {
		return fmt.Errorf("%s %s: %w", kind, r.Key, err)
	}
	return nil
}
