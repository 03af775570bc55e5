package store_test

import (
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store/storetest"
)

func TestConformance(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (*store.Store, error){
		"disk":   func(t *testing.T) (*store.Store, error) { return store.Open(t.TempDir()) },
		"memory": func(*testing.T) (*store.Store, error) { return store.OpenInMemory() },
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) *store.Store {
				s, err := open(t)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}
