package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/bragg-tracing/bragg/pkg/sdk/redact"
	"github.com/bragg-tracing/bragg/pkg/sdk/telemetry"
)

const hunter2 = "hunter2-hunter2-hunter2"

// record makes a span and a log record that hold a secret wherever they can,
// and beside each something that is none.
func record(sdk *telemetry.SDK) {
	secrets := []attribute.KeyValue{
		attribute.StringSlice("http.request.header.authorization", []string{"Bearer " + hunter2}),
		attribute.StringSlice("http.request.header.accept", []string{"kept-header"}),
		attribute.String("url.full", "https://app:"+hunter2+"@example.com/kept-path?token="+hunter2+"&a=kept-parameter"),
		attribute.String("db.system.name", "postgresql"),
		attribute.String("db.query.text", "SELECT kept_column FROM t WHERE a = '"+hunter2+"'"),
		attribute.Map("group", attribute.String("Cookie", hunter2), attribute.String("cart", "kept-member")),
	}
	_, span := sdk.TracerProvider().Tracer("test").Start(context.Background(), "GET /a?sig="+hunter2,
		trace.WithAttributes(secrets...), trace.WithLinks(trace.Link{Attributes: secrets}))
	span.AddEvent("event", trace.WithAttributes(secrets...))
	err := errors.New(`Get "https://example.com/kept-message?token=` + hunter2 + `": refused`)
	span.RecordError(err)
	span.SetStatus(codes.Error, err.Error())
	span.End()

	var r log.Record
	r.SetBody(attribute.StringValue("kept-body https://example.com?token=" + hunter2))
	r.AddAttributes(secrets...)
	r.AddAttributes(attribute.String("Authorization", "Bearer "+hunter2), attribute.String("error", err.Error()))
	sdk.LoggerProvider().Logger("test").Emit(context.Background(), r)
}

// TestRedactionOfWhatIsExported looks at the bytes that a collector gets.
func TestRedactionOfWhatIsExported(t *testing.T) {
	tests := []struct {
		name     string
		variable string
		opts     []telemetry.Option
		redacted bool
	}{
		{"by default", "", nil, true},
		{"off by variable", "off", nil, false},
		{"off by option", "", []telemetry.Option{telemetry.WithRedaction(redact.Off())}, false},
		{"a variable with a mistake", "of", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("BRAGG_REDACT", tt.variable)
			c := startGRPCCollector(t)
			var log logBuffer
			sdk := start(t, append(tt.opts, telemetry.WithEndpoint(c.url), telemetry.WithLogger(log.logger()))...)
			record(sdk)
			if err := sdk.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for what, text := range c.texts() {
				if strings.Contains(text, hunter2) == tt.redacted {
					t.Errorf("%s: redacted %v is wrong in\n%s", what, tt.redacted, text)
				}
				kept := []string{"kept-header", "kept-path", "kept-parameter", "kept_column", "kept-member", "kept-message"}
				for _, want := range kept {
					if !strings.Contains(text, want) {
						t.Errorf("%s lack %s", what, want)
					}
				}
			}
			if warned := strings.Contains(log.String(), "BRAGG_REDACT"); warned != (tt.variable == "of") {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// texts returns what arrived as text, by signal.
func (c *collector) texts() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := map[string]string{}
	for _, r := range c.traces {
		texts["spans"] += prototext.Format(r)
	}
	for _, r := range c.logs {
		texts["log records"] += prototext.Format(r)
	}
	return texts
}
