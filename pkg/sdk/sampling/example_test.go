package sampling_test

import (
	"fmt"

	"github.com/bragg-tracing/bragg/pkg/sdk/sampling"
)

// A rule file of the X-Ray SDK decides without X-Ray and without OpenTelemetry.
func ExampleParseRules() {
	rules, err := sampling.ParseRules([]byte(`{
		"version": 2,
		"default": {"fixed_target": 0, "rate": 0},
		"rules": [{"host": "*", "http_method": "GET", "url_path": "/checkout/*", "fixed_target": 0, "rate": 1}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/checkout/1", "/health"} {
		d := rules.Decide(&sampling.Request{Method: "GET", Path: path, Host: "shop.example.com"})
		fmt.Println(path, d.Sample)
	}
	// Output:
	// /checkout/1 true
	// /health false
}
