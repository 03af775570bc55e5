package xraylocal_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	original "github.com/aws/aws-xray-sdk-go/v2/strategy/sampling"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	xrayclient "github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// An inMemory transport answers by a handler, on the goroutine of the caller:
// in a bubble of synctest, a connection would stop the clock.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = "127.0.0.1:2000", r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, in)
	return w.Result(), nil
}

// What the samplers of a test share: a rule, and requests a second to each of
// three clients.
const (
	ruleReservoir = 9
	ruleRate      = 0.1
	clients       = 3
	load          = 40
	want          = ruleReservoir + ruleRate*(clients*load-ruleReservoir)
)

// sampledPerSecond makes the rule in a fresh X-Ray Local, lets three clients take
// requests for some minutes by the bubble's clock, and returns how many requests
// a second they sample together when they have settled.
func sampledPerSecond(t *testing.T, dir string, newClient func(http.RoundTripper) (decide func() bool, stop func())) float64 {
	server, err := xraylocal.Open(xraylocal.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	api := xrayclient.InProcess(server.Handler())
	any := aws.String("*")
	if _, err := api.CreateSamplingRule(t.Context(), &xray.CreateSamplingRuleInput{SamplingRule: &types.SamplingRule{
		RuleName: aws.String("shop"), Priority: aws.Int32(1), FixedRate: ruleRate, ReservoirSize: ruleReservoir, Version: aws.Int32(1),
		Host: any, HTTPMethod: any, ResourceARN: any, ServiceName: any, ServiceType: any, URLPath: any,
	}}); err != nil {
		t.Fatal(err)
	}
	var decide []func() bool
	for range clients {
		d, stop := newClient(inMemory{server.Handler()})
		if stop != nil {
			defer stop()
		}
		decide = append(decide, d)
	}
	sampled := 0
	run := func(seconds int) {
		sampled = 0
		for range seconds {
			for range load {
				for _, d := range decide {
					if d() {
						sampled++
					}
				}
			}
			time.Sleep(time.Second)
		}
	}
	// Reservoirs are of a second, and our samplers' clock is up to 10 ms late: all
	// of a second's requests come in the midst of it.
	time.Sleep(500 * time.Millisecond)
	run(60) // to settle
	run(600)
	return float64(sampled) / 600
}

func checkConvergence(t *testing.T, got float64) {
	t.Helper()
	t.Logf("%.2f sampled a second of %d", got, clients*load)
	if math.Abs(got-want) > 0.05*want {
		t.Errorf("%.2f sampled a second, want %.2f", got, want)
	}
}

// TestOurSampler converges to the rule with three of our SDK's samplers.
func TestOurSampler(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		got := sampledPerSecond(t, dir, func(transport http.RoundTripper) (func() bool, func()) {
			s, err := sampling.NewRemote(sampling.WithHTTPClient(&http.Client{Transport: transport}), sampling.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			return func() bool { return s.Decide(&sampling.Request{ServiceName: "shop"}).Sample },
				func() { _ = s.Shutdown(context.Background()) }
		})
		checkConvergence(t, got)
	})
}

// originalSampler makes the test binary a program with the X-Ray SDK's samplers,
// whose goroutines never end, over a store in this directory.
const originalSampler = "XRAYLOCAL_TEST_ORIGINAL_SAMPLER"

// TestOriginalSampler converges to the rule with three samplers of AWS's X-Ray
// SDK, which run in a process of their own.
func TestOriginalSampler(t *testing.T) {
	if dir := os.Getenv(originalSampler); dir != "" {
		synctest.Test(t, func(t *testing.T) {
			got := sampledPerSecond(t, dir, func(transport http.RoundTripper) (func() bool, func()) {
				http.DefaultTransport = transport // the SDK takes no other
				s, err := original.NewCentralizedStrategy()
				if err != nil {
					t.Fatal(err)
				}
				return func() bool { return s.ShouldTrace(&original.Request{ServiceName: "shop"}).Sample }, nil
			})
			fmt.Println("sampled", got) // among what the SDK logs
			os.Exit(0)
		})
	}
	program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOriginalSampler$")
	program.Env = append(os.Environ(), originalSampler+"="+t.TempDir())
	out, err := program.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, result, _ := strings.Cut(string(out), "\nsampled ")
	var got float64
	if _, err := fmt.Sscan(result, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	checkConvergence(t, got)
}
