package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Limits of Stop and of Run's end, for callers whose contexts have none.
const (
	stopLimit = 5 * time.Second
	runLimit  = 3 * time.Second
	// abortLimit is for the end of services of a start that has failed: they
	// have nothing to export yet.
	abortLimit = 300 * time.Millisecond
)

// A Stack is all services of the demo, running in this process. Its methods may
// be called concurrently.
type Stack struct {
	services []*service // in the order of their start: no one before its peers

	stopOnce sync.Once
	stopErr  error
}

// An Address is where a service answers.
type Address struct {
	Name string
	URL  string
}

// Start starts all services on 127.0.0.1. cfg may leave all addresses empty; a
// collector need not listen. The caller must call Stop. ctx bounds Start alone.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	s := &Stack{}
	order := []struct {
		name string
		url  *string // where its callers look
	}{
		{DynamoDB, &cfg.DynamoDBEndpoint}, {S3, &cfg.S3Endpoint}, {Documents, &cfg.DocumentsURL},
		{Legacy, &cfg.LegacyURL}, {Scoring, &cfg.ScoringURL}, {Applications, &cfg.ApplicationsURL}, {Web, &cfg.WebURL},
	}
	for _, o := range order {
		address := "127.0.0.1:0"
		if o.name == Web && cfg.WebListen != "" {
			address = cfg.WebListen
		}
		started, err := startService(ctx, o.name, address, cfg)
		if err != nil {
			stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
			defer cancel()
			s.Stop(stopCtx) // err is what matters
			return nil, err
		}
		s.services = append(s.services, started)
		*o.url = started.url
	}
	return s, nil
}

// URL returns the base URL of web, the demo's entry.
func (s *Stack) URL() string { return s.services[len(s.services)-1].url }

// Addresses returns where the services answer, web first and each before those
// that it calls.
func (s *Stack) Addresses() []Address {
	var addresses []Address
	for _, running := range slices.Backward(s.services) {
		addresses = append(addresses, Address{running.name, running.url})
	}
	return addresses
}

// Flush exports the spans that have ended. Segments of legacy have left when
// its answers do.
func (s *Stack) Flush(ctx context.Context) error {
	return s.each(func(running *service) error { return running.flush(ctx) })
}

// Stop accepts no more requests, finishes those that run and exports what was
// recorded. It takes 5 s at most, less if ctx ends. It only executes once;
// later calls return its result.
func (s *Stack) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, stopLimit)
		defer cancel()
		var errs []error
		for _, running := range slices.Backward(s.services) { // callers first
			errs = append(errs, running.stop(ctx))
		}
		errs = append(errs, s.each(func(running *service) error { return running.stopTelemetry(ctx) }))
		s.stopErr = errors.Join(errs...)
	})
	return s.stopErr
}

// each calls f for all services at once: a collector that does not answer costs
// the time of one.
func (s *Stack) each(f func(*service) error) error {
	errs := make([]error, len(s.services))
	var wg sync.WaitGroup
	for i, running := range s.services {
		wg.Go(func() { errs[i] = f(running) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Run runs the service called name, one of Names, until ctx ends; it then stops
// as Stack.Stop does, within 3 s. It returns early if the service cannot start
// or its server breaks.
func Run(ctx context.Context, name string, cfg Config) error {
	if name == loadName {
		return runLoad(ctx, cfg)
	}
	if builders[name] == nil {
		return fmt.Errorf("the demo has no service %q", name)
	}
	address := cfg.Listen
	if address == "" {
		address = defaultAddress(name)
	}
	s, err := startService(ctx, name, address, cfg)
	if err != nil {
		return err
	}
	s.log.Info("the demo's service listens", "url", s.url)
	select {
	case <-ctx.Done():
	case <-s.served:
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), runLimit)
	defer cancel()
	return errors.Join(s.stop(stopCtx), s.stopTelemetry(stopCtx))
}
