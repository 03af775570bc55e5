package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

const collectorPart = "collector"

func (d *doctor) collector(ctx context.Context) {
	c := d.Collector
	if len(c.Files) > 0 {
		d.validate(ctx)
	}
	d.receiver(ctx, "OTLP gRPC", c.GRPC, otlpGRPC)
	d.receiver(ctx, "OTLP HTTP", c.HTTP, otlpHTTP)
	d.daemon(ctx)
	d.health(ctx)
	d.metrics(ctx)
}

func (d *doctor) validate(ctx context.Context) {
	files := strings.Join(d.Collector.Files, " and ")
	for _, f := range d.Collector.Files {
		if _, err := os.Stat(f); err != nil {
			d.add(collectorPart, "configuration", Fail, err.Error(), "name the collector's files with --config")
			return
		}
	}
	if err := d.Collector.Validate(ctx, d.Collector.Files); err != nil {
		d.add(collectorPart, "configuration", Fail, files+": "+oneLine(err), "correct it; `collector validate --config FILE` says the same")
		return
	}
	d.add(collectorPart, "configuration", OK, files+" is valid", "")
}

// oneLine is for errors that a collector spreads over lines.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

const noCollector = "start it (`bragg up`, or the collector's task), or say where it is with --otlp-grpc, --otlp-http, --daemon"

// receiver looks at a port of OTLP, and who has it.
func (d *doctor) receiver(ctx context.Context, name, address string, probe func(context.Context, string) error) {
	if address == "" || !d.listens(ctx, name, address, Fail) {
		return
	}
	if err := probe(ctx, address); err != nil {
		d.add(collectorPart, name, Fail, address+" is taken: "+err.Error(), "see who has it (`ss -ltnp`), and stop that, or give the collector another port (BRAGG_OTLP_GRPC_PORT, BRAGG_OTLP_HTTP_PORT)")
		return
	}
	d.add(collectorPart, name, OK, address+" is a receiver of OTLP", "")
}

// unlessDown returns a remedy for a collector that runs.
func (d *doctor) unlessDown(remedy string) string {
	for _, c := range d.checks {
		if c.Part == collectorPart && c.Remedy != noCollector && c.Name != "configuration" {
			return remedy
		}
	}
	return noCollector
}

func (d *doctor) port(ctx context.Context, name, address, state string) {
	if d.listens(ctx, name, address, state) {
		d.add(collectorPart, name, OK, address+" is open", "")
	}
}

func (d *doctor) listens(ctx context.Context, name, address, state string) bool {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		d.add(collectorPart, name, state, "nothing listens on "+address, noCollector)
		return false
	}
	conn.Close()
	return true
}

// daemon looks at a UDP port, which answers nothing: only the host itself may
// say that it is closed. The TCP half, for sampling, can be asked.
func (d *doctor) daemon(ctx context.Context) {
	address := d.Collector.Daemon
	if address == "" {
		return
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", address)
	if err != nil {
		d.add(collectorPart, "X-Ray daemon", Warn, err.Error(), "want host:port, such as 127.0.0.1:2000")
		return
	}
	defer conn.Close()
	_, err = conn.Write(nil) // an empty datagram, which no receiver counts
	if err == nil {
		conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) //nolint:errcheck // then the read waits for ctx
		if _, err = conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
	}
	if err != nil {
		d.add(collectorPart, "X-Ray daemon", Warn, "nothing listens on UDP "+address+": services with the X-Ray SDK lose their segments", d.unlessDown("add the awsxray receiver, or ignore this if no service uses the X-Ray SDK"))
		return
	}
	d.add(collectorPart, "X-Ray daemon", OK, "UDP "+address+" takes datagrams", "")
	d.port(ctx, "X-Ray daemon's TCP", address, Warn)
}

func (d *doctor) health(ctx context.Context) {
	if d.Collector.Health == "" {
		return
	}
	resp, err := get(ctx, d.Collector.Health)
	if err != nil {
		d.add(collectorPart, "health", Warn, "no health check at "+d.Collector.Health, d.unlessDown("add the health_check extension: ECS and Kubernetes need it to restart what hangs"))
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		d.add(collectorPart, "health", Fail, "the collector says "+resp.Status, "read its log")
		return
	}
	d.add(collectorPart, "health", OK, "the collector says that it is up", "")
}

func get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return client.Do(req)
}

var (
	versionLabel = regexp.MustCompile(`^target_info\{.*service_version="([^"]*)"`)
	counter      = regexp.MustCompile(`^(otelcol_[a-z_]+)(?:\{([^}]*)\})? ([0-9.e+]+)$`)
)

// losses are counters of a collector that should be zero.
var losses = map[string]string{
	"otelcol_exporter_send_failed_spans":         "spans were given up: the log says \"Dropping data\" with the reason",
	"otelcol_exporter_enqueue_failed_spans":      "spans were dropped because the queue was full: make sending_queue larger, or the backend faster",
	"otelcol_exporter_awsxray_dropped_documents": "documents were refused by X-Ray: the log names each",
	"otelcol_receiver_refused_spans":             "spans were refused to senders, which send them again: the memory limit or a full queue",
}

// metrics reads the version of the collector and what it has lost.
func (d *doctor) metrics(ctx context.Context) {
	if d.Collector.Metrics == "" {
		return
	}
	resp, err := get(ctx, d.Collector.Metrics)
	if err != nil {
		d.add(collectorPart, "metrics", Warn, "no metrics at "+d.Collector.Metrics, d.unlessDown("add service.telemetry.metrics: without it nobody sees what is lost"))
		return
	}
	defer resp.Body.Close()
	found := map[string]bool{}
	lines := bufio.NewScanner(io.LimitReader(resp.Body, 16<<20))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := versionLabel.FindStringSubmatch(lines.Text()); m != nil {
			d.add(collectorPart, "version", OK, "the collector is "+m[1], "")
		}
		m := counter.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		name := strings.TrimSuffix(m[1], "_total")
		if why, ok := losses[name]; ok && m[3] != "0" && !found[name] {
			found[name] = true
			d.add(collectorPart, strings.TrimPrefix(name, "otelcol_"), Warn, fmt.Sprintf("%s is %s since the collector started", name, m[3]), why)
		}
	}
	if len(found) == 0 {
		d.add(collectorPart, "losses", OK, "the collector has lost nothing since it started", "")
	}
}
