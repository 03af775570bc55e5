package demo

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// newS3 is the endpoint in place of Amazon's.
func newS3(context.Context, *service) (http.Handler, error) {
	backend := &expiring{Backend: s3mem.New(), keep: storedItems}
	return noPages(gofakes3.New(backend).Server()), nil
}

// noPages keeps web pages out: no page has business with the local AWS
// endpoints, whatever CORS headers they send.
func noPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			http.Error(w, "this endpoint is not for web pages", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// expiring is a backend that keeps the latest objects only, as a bucket with a
// lifecycle rule does, so that a demo that runs for days does not grow. It
// takes every key for a new one, as those of documents are.
type expiring struct {
	gofakes3.Backend
	keep int

	mu    sync.Mutex
	order []object // the oldest first
}

type object struct{ bucket, key string }

// PutObject stores an object and, when there are too many, removes the oldest.
func (b *expiring) PutObject(bucket, key string, meta map[string]string, input io.Reader, size int64,
	conditions *gofakes3.PutConditions,
) (gofakes3.PutObjectResult, error) {
	result, err := b.Backend.PutObject(bucket, key, meta, input, size, conditions)
	if err != nil {
		return result, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = append(b.order, object{bucket, key})
	if len(b.order) <= b.keep {
		return result, nil
	}
	oldest := b.order[0]
	b.order = b.order[1:]
	_, err = b.Backend.DeleteObject(oldest.bucket, oldest.key)
	return result, err
}
