package doctor

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/bragg-tracing/bragg/pkg/newrelic"
)

// Config says what is examined. A nil part is not.
type Config struct {
	Getenv    func(string) (string, bool) // os.LookupEnv
	Collector CollectorConfig
	XRay      *XRayConfig
	NewRelic  *NewRelicConfig
}

// CollectorConfig says where a collector is, and how it is configured.
type CollectorConfig struct {
	Files    []string                                        // configuration files, merged in order; none means not to look
	Validate func(ctx context.Context, files []string) error // the collector's own check
	GRPC     string                                          // host:port of OTLP over gRPC
	HTTP     string                                          // host:port of OTLP over HTTP
	Daemon   string                                          // host:port of the X-Ray daemon's protocol
	Health   string                                          // URL of its health check
	Metrics  string                                          // URL of its own metrics
	Version  string                                          // of this program, to compare with the collector's
}

// XRayConfig says how X-Ray is reached.
type XRayConfig struct {
	API         *xray.Client
	STS         *sts.Client             // nil where there is no account, as with X-Ray Local
	Credentials aws.CredentialsProvider // nil likewise
	Where       string                  // its endpoint
	Region      string
}

// NewRelicConfig says how New Relic is reached.
type NewRelicConfig struct {
	LicenseKey string // of ingest
	Ingest     string // base URL of OTLP
	NerdGraph  newrelic.Config
}
