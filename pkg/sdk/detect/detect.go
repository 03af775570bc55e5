package detect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

const (
	// Timeout bounds one detector. Their endpoints are on the same machine and
	// answer within milliseconds.
	Timeout = time.Second

	maxDocument = 1 << 20
)

// Detector finds attributes of one environment. It implements
// resource.Detector.
type Detector struct {
	name string
	find func(context.Context, *found) error
}

var _ resource.Detector = Detector{}

// From makes a detector of any other, which then keeps the limit too, whether
// it heeds its context or not: one that does not is left behind.
func From(d resource.Detector) Detector {
	return Detector{fmt.Sprintf("%T", d), func(ctx context.Context, f *found) error {
		type result struct {
			resource *resource.Resource
			err      error
		}
		done := make(chan result, 1)
		go func() {
			var r result
			defer func() {
				if p := recover(); p != nil {
					r.err = fmt.Errorf("panic: %v", p)
				}
				done <- r
			}()
			r.resource, r.err = d.Detect(ctx)
		}()
		select {
		case r := <-done:
			if r.resource != nil {
				f.add(r.resource.Attributes()...)
			}
			return r.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}
}

// Name returns the detector's name, as in OTEL_RESOURCE_DETECTORS.
func (d Detector) Name() string { return d.name }

// Detect implements resource.Detector.
func (d Detector) Detect(ctx context.Context) (*resource.Resource, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	var f found
	err := d.find(ctx, &f)
	if err != nil {
		err = fmt.Errorf("detect %s: %w", d.name, err)
	}
	if len(f.attributes) == 0 {
		return nil, err
	}
	return resource.NewWithAttributes(semconv.SchemaURL, f.attributes...), err
}

// All returns the detectors of all environments, in the order in which what
// they say counts, the last most: on ECS on an EC2 instance, the platform is
// ECS.
func All() []Detector {
	return []Detector{EC2(), EKS(), ECS(), Beanstalk(), Lambda()}
}

// Run runs detectors at the same time and merges what they find; of two values
// of one attribute, the later detector's counts. The resource is never nil. The
// error joins those of the detectors that failed.
func Run(ctx context.Context, detectors ...Detector) (*resource.Resource, error) {
	resources := make([]*resource.Resource, len(detectors))
	errs := make([]error, len(detectors))
	var wg sync.WaitGroup
	for i, d := range detectors {
		wg.Go(func() { resources[i], errs[i] = d.Detect(ctx) })
	}
	wg.Wait()
	merged := resource.Empty()
	for _, r := range resources {
		m, err := resource.Merge(merged, r)
		errs = append(errs, err)
		if m != nil {
			merged = m
		}
	}
	return merged, errors.Join(errs...)
}

// found gathers attributes.
type found struct {
	attributes []attribute.KeyValue
}

func (f *found) add(attrs ...attribute.KeyValue) {
	f.attributes = append(f.attributes, attrs...)
}

// text adds an attribute unless its value is "".
func (f *found) text(key attribute.Key, value string) {
	if value != "" {
		f.add(key.String(value))
	}
}

// list adds an attribute of one element unless that is "".
func (f *found) list(key attribute.Key, value string) {
	if value != "" {
		f.add(key.StringSlice([]string{value}))
	}
}

// newClient returns a client for one detection, whose connections end with it.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// getJSON reads a JSON document of at most maxDocument bytes.
func getJSON(client *http.Client, r *http.Request, document any) error {
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", r.URL.Path, response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxDocument))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, document); err != nil {
		return fmt.Errorf("%s: %w", r.URL.Path, err)
	}
	return nil
}

// readFile returns the text of a small file, "" if it cannot be read.
func readFile(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxDocument))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
