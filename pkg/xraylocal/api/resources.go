package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Kinds of resources in the store.
const (
	kindGroup       = "group"
	kindRule        = "sampling-rule"
	kindWindow      = "sampling-window"
	kindPolicy      = "resource-policy"
	kindIndexing    = "indexing-rule"
	kindRetrieval   = "trace-retrieval"
	kindSettings    = "settings"
	kindAgent       = "agent"
	kindRefusal     = "refusal"
	keyEncryption   = "encryption"
	keyDestination  = "segment-destination"
	keyRuleModified = "sampling-rules-modified"
)

// storeOf returns the part of the store that the caller of ctx has.
func (h *Handler) storeOf(ctx context.Context) *store.Store {
	return h.store.In(callerOf(ctx).namespace)
}

// load reads a resource; it returns nil if there is none.
func load[T any](ctx context.Context, s *store.Store, kind, key string) (*T, error) {
	body, err := s.Resource(ctx, kind, key)
	if errors.Is(err, store.ErrNoResource) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode[T](kind, key, body)
}

// loadAll reads all resources of a kind, by key.
func loadAll[T any](ctx context.Context, s *store.Store, kind string) (map[string]*T, error) {
	all, err := s.Resources(ctx, kind)
	if err != nil {
		return nil, err
	}
	return decodeAll[T](kind, all)
}

// modify replaces a resource by what f makes of it: f gets nil if there is none
// and returns nil to have none. If f returns an error, nothing changes.
func modify[T any](ctx context.Context, s *store.Store, kind, key string, f func(old *T) (*T, error)) error {
	return s.UpdateResource(ctx, kind, key, func(body []byte) ([]byte, error) {
		var old *T
		if body != nil {
			var err error
			if old, err = decode[T](kind, key, body); err != nil {
				return nil, err
			}
		}
		changed, err := f(old)
		if err != nil || changed == nil {
			return nil, err
		}
		return json.Marshal(changed)
	})
}

// modifyOne is modify for an f that looks at all resources of the kind.
func modifyOne[T any](ctx context.Context, s *store.Store, kind, key string, f func(all map[string]*T) (*T, error)) error {
	return s.UpdateResources(ctx, kind, func(stored []store.Resource) ([]store.Resource, error) {
		all, err := decodeAll[T](kind, stored)
		if err != nil {
			return nil, err
		}
		changed, err := f(all)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(changed)
		return []store.Resource{{Key: key, Body: body}}, err
	})
}

func decode[T any](kind, key string, body []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(body, v); err != nil {
		return nil, fmt.Errorf("stored %s %s: %w", kind, key, err)
	}
	return v, nil
}

func decodeAll[T any](kind string, stored []store.Resource) (map[string]*T, error) {
	all := make(map[string]*T, len(stored))
	for _, r := range stored {
		v, err := decode[T](kind, r.Key, r.Body)
		if err != nil {
			return nil, err
		}
		all[r.Key] = v
	}
	return all, nil
}

// second returns a time as the service writes those of resources: in whole
// seconds.
func second(t time.Time) float64 { return float64(t.Unix()) }
