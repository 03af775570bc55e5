package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/verify"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// The environment that says where New Relic is asked. Keys are never flags: the
// arguments of a process are for everybody to read.
const (
	licenseKeyVariable = "NEW_RELIC_LICENSE_KEY"
	userKeyVariable    = "NEW_RELIC_USER_KEY"
	accountVariable    = "NEW_RELIC_ACCOUNT_ID"
)

// backendFlags say where traces are read from; verify and doctor have them.
type backendFlags struct {
	real             bool
	backends         []string
	xrayEndpoint     string
	region           string
	newRelicEndpoint string
	newRelicRegion   string
	account          int
}

func (f *backendFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.real, "real", false, "read from AWS X-Ray and New Relic themselves, with this environment's credentials")
	flags.StringSliceVar(&f.backends, "backends", []string{"xray", "newrelic"}, "where the trace should be: xray, newrelic or both")
	flags.StringVar(&f.xrayEndpoint, "xray-endpoint", "", "URL of X-Ray's API (default $"+endpointVariable+", else "+client.DefaultEndpoint+"; with --real the region's)")
	flags.StringVar(&f.region, "region", "", "AWS region (default of the environment)")
	flags.StringVar(&f.newRelicRegion, "newrelic-region", "", "US, EU, JP or FedRAMP (default that of $"+licenseKeyVariable+")")
	flags.StringVar(&f.newRelicEndpoint, "newrelic-endpoint", "", "URL of NerdGraph (default the local sink's; with --real the region's)")
	flags.IntVar(&f.account, "account", 0, "New Relic account id (default $"+accountVariable+")")
}

// check finds mistakes before anything is asked.
func (f *backendFlags) check() error {
	for _, b := range f.backends {
		if b != "xray" && b != "newrelic" {
			return usageError{fmt.Errorf("--backends %s: want xray, newrelic or both", b)}
		}
	}
	if len(f.backends) == 0 {
		return usageError{errors.New("--backends: name at least one")}
	}
	regions := []string{string(licensekey.US), string(licensekey.EU), string(licensekey.JP), string(licensekey.FedRAMP)}
	if f.newRelicRegion != "" && !slices.ContainsFunc(regions, func(r string) bool { return strings.EqualFold(r, f.newRelicRegion) }) {
		return usageError{fmt.Errorf("--newrelic-region %s: want one of %s", f.newRelicRegion, strings.Join(regions, ", "))}
	}
	return nil
}

func (f *backendFlags) has(backend string) bool { return slices.Contains(f.backends, backend) }

// xrayClient returns a client of X-Ray's API, its endpoint, and whether that is
// a local one.
func (f *backendFlags) xrayClient(cmd *cobra.Command) (api *xray.Client, endpoint string, local bool, err error) {
	if !f.real {
		endpoint = cmp.Or(f.xrayEndpoint, os.Getenv(endpointVariable), client.DefaultEndpoint)
		api, err = client.New(endpoint, os.Getenv(tokenVariable))
		if err != nil {
			return nil, "", false, usageError{err}
		}
		return api, endpoint, true, nil
	}
	cfg, err := f.awsConfig(cmd)
	if err != nil {
		return nil, "", false, err
	}
	api = xray.NewFromConfig(cfg, func(o *xray.Options) {
		o.HTTPClient = refusals{o.HTTPClient}
		if f.xrayEndpoint != "" {
			o.BaseEndpoint = aws.String(f.xrayEndpoint)
		}
	})
	return api, cmp.Or(f.xrayEndpoint, "https://xray."+cfg.Region+".amazonaws.com"), false, nil
}

func (f *backendFlags) awsConfig(cmd *cobra.Command) (aws.Config, error) {
	var opts []func(*config.LoadOptions) error
	if f.region != "" {
		opts = append(opts, config.WithRegion(f.region))
	}
	cfg, err := config.LoadDefaultConfig(cmd.Context(), opts...)
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("no AWS region: set AWS_REGION, or give --region")
	}
	return cfg, nil
}

// newRelicRegionOrKeys is the region that was named, else that of the license
// key of the environment, else US.
func (f *backendFlags) newRelicRegionOrKeys() licensekey.Region {
	for _, r := range []licensekey.Region{licensekey.US, licensekey.EU, licensekey.JP, licensekey.FedRAMP} {
		if strings.EqualFold(f.newRelicRegion, string(r)) {
			return r
		}
	}
	if key := os.Getenv(licenseKeyVariable); key != "" {
		if r, ok := licensekey.RegionOf(key); ok {
			return r
		}
	}
	return licensekey.US
}

// localNerdGraph is where the local sink answers as NerdGraph does.
const localNerdGraph = "http://127.0.0.1:4319/graphql"

// newRelicConfig says how NerdGraph is asked.
func (f *backendFlags) newRelicConfig() (cfg newrelic.Config, local bool, err error) {
	if !f.real {
		return newrelic.Config{Endpoint: cmp.Or(f.newRelicEndpoint, localNerdGraph), UserKey: newrelic.LocalUserKey, Account: newrelic.LocalAccount}, true, nil
	}
	account := f.account
	if text := os.Getenv(accountVariable); account == 0 && text != "" {
		if account, err = strconv.Atoi(text); err != nil {
			return cfg, false, fmt.Errorf("%s is no number", accountVariable)
		}
	}
	endpoint := cmp.Or(f.newRelicEndpoint, licensekey.NerdGraphEndpoint(f.newRelicRegionOrKeys()))
	return newrelic.Config{Endpoint: endpoint, UserKey: os.Getenv(userKeyVariable), Account: account}, false, nil
}

// open returns the backends to read from.
func (f *backendFlags) open(cmd *cobra.Command) ([]verify.Backend, error) {
	var all []verify.Backend
	if f.has("xray") {
		api, where, local, err := f.xrayClient(cmd)
		if err != nil {
			return nil, err
		}
		all = append(all, verify.XRayBackend(api, where, local))
	}
	if f.has("newrelic") {
		cfg, local, err := f.newRelicConfig()
		if err != nil {
			return nil, err
		}
		c, err := newrelic.New(cfg)
		if err != nil {
			return nil, err
		}
		all = append(all, verify.NewRelicBackend(c, cfg.Endpoint, local))
	}
	return all, nil
}

// verifyFlags are what the verify command can be told.
type verifyFlags struct {
	backendFlags
	collector verify.Collector
	send      []string
	existing  string
	metrics   string
	wait      time.Duration
	json      bool
	ascii     bool
}

func newVerifyCommand() *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Proves that a trace arrives in X-Ray and in New Relic",
		Long: `verify sends a known trace through a collector, reads it back from X-Ray and from
New Relic, and compares it there span id by span id: arrived, missing, twice,
names, parents, times (±1 ms), status and attributes. What is not as it was sent
it explains, with the likely cause and what to do. It exits 0 when everything is
right, else 1.

Paths (--send):
  otlp-grpc   OpenTelemetry's protocol over gRPC
  otlp-http   the same over HTTP
  udp         the X-Ray daemon's protocol, as the X-Ray SDKs send
  header      a request with X-Amzn-Trace-Id to a service: one in this process, or
              the one of --service, perhaps behind a load balancer or proxy

Without --real it reads from this machine: X-Ray Local and the New Relic sink, as
` + "`bragg up`" + ` runs them. With --real it uses AWS's credentials of the environment, and
New Relic's user key in ` + userKeyVariable + ` with ` + accountVariable + `.
Keys are never flags, because everybody can read a process's arguments.
OTEL_EXPORTER_OTLP_HEADERS and OTEL_EXPORTER_OTLP_ENDPOINT count as in any service.`,
		Example: `  bragg verify                                   against ` + "`bragg up`" + `
  bragg verify --real --region eu-central-1 --newrelic-region EU
  bragg verify --send otlp-grpc --otlp-grpc https://gateway.internal:4317 --ca ca.pem
  bragg verify --send header --service https://shop.example.com/health
  bragg verify --real --existing 1-6b029317-0123456789abcdef01234567
  bragg verify --json | jq '.findings[] | {code, what, remedy}'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	f := cmd.Flags()
	flags.backendFlags.add(cmd)
	f.StringSliceVar(&flags.send, "send", nil, "paths of sending: otlp-grpc, otlp-http, udp, header (default all)")
	f.StringVar(&flags.existing, "existing", "", "id of a trace that was sent already: compares what the backends have of it")
	f.StringVar(&flags.collector.GRPC, "otlp-grpc", "http://127.0.0.1:4317", "URL of the collector's OTLP over gRPC; https:// for TLS")
	f.StringVar(&flags.collector.HTTP, "otlp-http", "http://127.0.0.1:4318", "base URL of the collector's OTLP over HTTP; https:// for TLS")
	f.StringVar(&flags.collector.Daemon, "daemon", "127.0.0.1:2000", "address of the collector's X-Ray daemon protocol")
	f.StringVar(&flags.collector.CAFile, "ca", "", "PEM file of the authority that signed the collector's certificate")
	f.StringVar(&flags.collector.Service, "service", "", "URL of a service that the header path requests")
	f.StringVar(&flags.metrics, "metrics", "http://127.0.0.1:8888/metrics", "URL of the collector's own metrics, for causes; \"\" for none")
	f.DurationVar(&flags.wait, "wait", 0, "how long to wait for what is missing (default 10s, with --real 3m)")
	f.BoolVar(&flags.json, "json", false, "report as one JSON object on standard output")
	f.BoolVar(&flags.ascii, "ascii", false, "draw with ASCII characters only")
	return cmd
}

func (flags *verifyFlags) run(cmd *cobra.Command) error {
	cfg, err := flags.config(cmd)
	if err != nil {
		return err
	}
	progress := newProgress(cmd.ErrOrStderr())
	cfg.Progress = progress.show
	report, err := verify.Run(cmd.Context(), cfg)
	progress.end()
	if err != nil {
		return err
	}
	return writeReport(cmd.OutOrStdout(), report, report.OK, flags.json, flags.ascii)
}

func (flags *verifyFlags) config(cmd *cobra.Command) (cfg verify.Config, err error) {
	if err := flags.check(); err != nil {
		return cfg, err
	}
	cfg = verify.Config{Collector: flags.collector, Paths: flags.send, Metrics: flags.metrics, Wait: flags.wait}
	if len(cfg.Paths) == 0 {
		cfg.Paths = verify.Paths
	}
	for _, p := range cfg.Paths {
		if !slices.Contains(verify.Paths, p) {
			return cfg, usageError{fmt.Errorf("--send %s: want %s", p, strings.Join(verify.Paths, ", "))}
		}
	}
	if flags.existing != "" {
		id, ok := segment.HexTraceID(strings.TrimSpace(flags.existing))
		if !ok {
			return cfg, usageError{fmt.Errorf("--existing %.60q is no trace id: it has the form 1-58406520-a006649127e371903a2de979, or 32 hexadecimal digits", flags.existing)}
		}
		cfg.Existing = id
	}
	if cfg.Wait == 0 {
		cfg.Wait = 10 * time.Second
		if flags.real {
			cfg.Wait = 3 * time.Minute
		}
	}
	if flags.real {
		cfg.LicenseKey, cfg.Ingest = os.Getenv(licenseKeyVariable), os.Getenv("BRAGG_NEWRELIC_ENDPOINT")
	}
	if err := flags.fromEnvironment(cmd, &cfg.Collector); err != nil {
		return cfg, err
	}
	cfg.Backends, err = flags.open(cmd)
	return cfg, err
}

// fromEnvironment takes what every OpenTelemetry SDK takes, unless flags say
// otherwise.
func (flags *verifyFlags) fromEnvironment(cmd *cobra.Command, c *verify.Collector) error {
	if endpoint := os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"); endpoint != "" {
		switch {
		case strings.HasPrefix(os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http") || strings.HasSuffix(endpoint, ":4318"):
			if !cmd.Flags().Changed("otlp-http") {
				c.HTTP = endpoint
			}
		case !cmd.Flags().Changed("otlp-grpc"):
			c.GRPC = endpoint
		}
	}
	c.Headers = map[string]string{}
	for pair := range strings.SplitSeq(os.Getenv("OTEL_EXPORTER_OTLP_HEADERS"), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			return errors.New("OTEL_EXPORTER_OTLP_HEADERS: want name=value pairs, percent-encoded, with commas between them")
		}
		c.Headers[strings.TrimSpace(name)] = value
	}
	return nil
}

// progress rewrites one line of a terminal, and is silent elsewhere.
type progress struct {
	out  io.Writer
	last time.Time
	used bool
}

func newProgress(out io.Writer) *progress {
	if f, ok := out.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		out = io.Discard
	}
	return &progress{out: out}
}

func (p *progress) show(format string, args ...any) {
	if time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.used = time.Now(), true
	fmt.Fprintf(p.out, "\r\x1b[K  "+format+" …", args...)
}

func (p *progress) end() {
	if p.used {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
