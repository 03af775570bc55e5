package demo

import (
	"log/slog"
	"strconv"
	"strings"
)

// Names of the services, for Run and in traces.
const (
	Web          = "web"
	Applications = "applications"
	Scoring      = "scoring"
	Documents    = "documents"
	Legacy       = "legacy"
	DynamoDB     = "dynamodb"
	S3           = "s3"
	loadName     = "load"
)

// Names returns the names of everything that Run can run.
func Names() []string {
	return []string{Web, Applications, Scoring, Documents, Legacy, DynamoDB, S3, loadName}
}

// Config says where a service listens and where the others are. Start fills in
// the addresses of the services that it starts; Run needs those of the peers of
// the service that it runs and takes defaults for the ones that are empty (see
// EnvironmentHelp).
type Config struct {
	// Listen is the address of the service of Run, such as 127.0.0.1:8090.
	// Empty means the service's default port on 127.0.0.1. A service that
	// listens on a loopback address answers only requests whose Host header
	// says so, or which are addressed to it by its name.
	Listen string
	// WebListen is the address of web in Start. Empty means a free port on
	// 127.0.0.1, as all other services have it there.
	WebListen string

	// Base URLs of the peers. No slash at the end.
	WebURL           string
	ApplicationsURL  string
	ScoringURL       string
	DocumentsURL     string
	LegacyURL        string
	DynamoDBEndpoint string
	S3Endpoint       string

	// OTLPEndpoint is the base URL of the collector's OTLP receiver, such as
	// http://127.0.0.1:4317. Empty leaves it to pkg/sdk/telemetry.
	OTLPEndpoint string
	// DaemonAddress is where legacy sends segments, as host:port or in the
	// X-Ray SDKs' form "tcp:host:port udp:host:port". Empty means
	// 127.0.0.1:2000. The name is resolved once, at the start.
	DaemonAddress string
	// OnECS makes legacy load the X-Ray SDK's plugin for ECS, as its users do:
	// segments of this process then say AWS::ECS::Container and the host's name.
	OnECS bool

	// Requests and Rate are for Run of the load: see LoadConfig.
	Requests int
	Rate     float64

	// Recorder, if set, learns of every span before it is exported.
	Recorder *Recorder
	// DropLegacySegment makes legacy lose its n-th segment, with all that is
	// in it, after it was recorded and before it reaches the daemon address: a
	// known loss, for the tests of what must notice one. 0 loses none.
	DropLegacySegment int
	// Logger gets what goes wrong. Nil means slog.Default.
	Logger *slog.Logger
}

// defaultPorts are the ones of services that run on their own.
var defaultPorts = map[string]int{
	Web: 8090, Applications: 8091, Scoring: 8092, Documents: 8093,
	Legacy: 8094, DynamoDB: 8095, S3: 8096,
}

func defaultAddress(name string) string {
	return "127.0.0.1:" + strconv.Itoa(defaultPorts[name])
}

// EnvironmentHelp explains the variables that FromEnv reads.
const EnvironmentHelp = `Environment:
  DEMO_LISTEN                  address to listen on (default 127.0.0.1 and the service's port below)
  DEMO_WEB_URL                 where web is, for load (default http://127.0.0.1:8090)
  DEMO_APPLICATIONS_URL        where applications is (default http://127.0.0.1:8091)
  DEMO_SCORING_URL             where scoring is (default http://127.0.0.1:8092)
  DEMO_DOCUMENTS_URL           where documents is (default http://127.0.0.1:8093)
  DEMO_LEGACY_URL              where legacy is (default http://127.0.0.1:8094)
  DEMO_DYNAMODB_ENDPOINT       where DynamoDB is (default http://127.0.0.1:8095)
  DEMO_S3_ENDPOINT             where S3 is (default http://127.0.0.1:8096)
  OTEL_EXPORTER_OTLP_ENDPOINT  the collector (default http://localhost:4317)
  AWS_XRAY_DAEMON_ADDRESS      where legacy sends its segments (default 127.0.0.1:2000)
  ECS_CONTAINER_METADATA_URI_V4  set by ECS: legacy loads the X-Ray SDK's plugin for it
  DEMO_REQUESTS                how many requests load sends; 0, the default, is no end
  DEMO_RATE                    requests a second of load (default 2)
`

// FromEnv returns the configuration that the environment asks for: see
// EnvironmentHelp. A number that is none, or negative, counts as not given.
func FromEnv(getenv func(string) string) Config {
	or := func(variable, fallback string) string {
		if v := getenv(variable); v != "" {
			return strings.TrimSuffix(v, "/")
		}
		return fallback
	}
	cfg := Config{
		Listen:           getenv("DEMO_LISTEN"),
		WebURL:           or("DEMO_WEB_URL", "http://"+defaultAddress(Web)),
		ApplicationsURL:  or("DEMO_APPLICATIONS_URL", "http://"+defaultAddress(Applications)),
		ScoringURL:       or("DEMO_SCORING_URL", "http://"+defaultAddress(Scoring)),
		DocumentsURL:     or("DEMO_DOCUMENTS_URL", "http://"+defaultAddress(Documents)),
		LegacyURL:        or("DEMO_LEGACY_URL", "http://"+defaultAddress(Legacy)),
		DynamoDBEndpoint: or("DEMO_DYNAMODB_ENDPOINT", "http://"+defaultAddress(DynamoDB)),
		S3Endpoint:       or("DEMO_S3_ENDPOINT", "http://"+defaultAddress(S3)),
		OTLPEndpoint:     getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),
		DaemonAddress:    getenv("AWS_XRAY_DAEMON_ADDRESS"),
		OnECS:            getenv("ECS_CONTAINER_METADATA_URI_V4") != "",
	}
	if requests, err := strconv.Atoi(getenv("DEMO_REQUESTS")); err == nil {
		cfg.Requests = max(requests, 0)
	}
	cfg.Rate = 2
	if rate, err := strconv.ParseFloat(getenv("DEMO_RATE"), 64); err == nil && rate >= 0 {
		cfg.Rate = rate
	}
	return cfg
}
