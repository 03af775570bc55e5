package awsxrayexporter

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayexporter/translate"
)

// Config is the exporter's configuration. The README tells what each key means
// and how they combine.
type Config struct {
	// Session says where X-Ray is and how it is reached.
	Session SessionConfig `mapstructure:",squash"`

	// Translation selects the rules: "default", or "compat" for exactly the
	// documents of contrib's exporter.
	Translation translate.Mode `mapstructure:"translation"`
	// DisableFixes names fixes of the default rules that are switched off.
	DisableFixes []string `mapstructure:"disable_fixes"`
	// IndexedAttributes become annotations, the others metadata.
	IndexedAttributes []string `mapstructure:"indexed_attributes"`
	// IndexAllAttributes makes every attribute an annotation.
	IndexAllAttributes bool `mapstructure:"index_all_attributes"`
	// LogGroupNames are the CloudWatch log groups of spans that name none.
	LogGroupNames []string `mapstructure:"aws_log_groups"`

	// Timeout bounds one push, with all its puts. What is not delivered by
	// then is given back to retry_on_failure. 0 means no bound.
	Timeout exporterhelper.TimeoutConfig `mapstructure:",squash"`
	// Queue is exporterhelper's, counted in spans.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	// Retry says how often and how long a push is repeated for what it left.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`
	// MaxDocumentsPerSecond is a ceiling for this exporter, to share an
	// account's quota among collectors. 0 means none. Below it the rate
	// follows X-Ray's answers.
	MaxDocumentsPerSecond float64 `mapstructure:"max_documents_per_second"`
	// ShutdownTimeout bounds the delivery of what is still queued at the end.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`

	// DeadLetter keeps the documents that X-Ray refuses for good.
	DeadLetter DeadLetterConfig `mapstructure:"dead_letter"`
	// Telemetry is the daemon's own: PutTelemetryRecords.
	Telemetry TelemetryConfig `mapstructure:"telemetry,omitempty"`
}

// SessionConfig says where X-Ray is and how it is reached.
type SessionConfig struct {
	// NumberOfWorkers is the number of puts at the same time. 0 means 8.
	NumberOfWorkers int `mapstructure:"num_workers"`
	// Endpoint replaces the region's URL of X-Ray.
	Endpoint string `mapstructure:"endpoint"`
	// RequestTimeoutSeconds bounds one HTTP request. 0 means no bound.
	RequestTimeoutSeconds int `mapstructure:"request_timeout_seconds"`
	// MaxRetries is how often a document is tried within one push, the first
	// time included. 0 means 3.
	MaxRetries int `mapstructure:"max_retries"`
	// NoVerifySSL switches the check of X-Ray's certificate off.
	NoVerifySSL bool `mapstructure:"no_verify_ssl"`
	// ProxyAddress is the URL of a proxy; without it HTTPS_PROXY and
	// NO_PROXY of the environment apply.
	ProxyAddress string `mapstructure:"proxy_address"`
	// Region, or else that of the environment, the profile or EC2.
	Region string `mapstructure:"region"`
	// LocalMode keeps away from the EC2 metadata service.
	LocalMode bool `mapstructure:"local_mode"`
	// ResourceARN names where the collector runs, for telemetry.
	ResourceARN string `mapstructure:"resource_arn"`
	// RoleARN is assumed to put documents, perhaps in another account.
	RoleARN string `mapstructure:"role_arn"`
	// ExternalID goes with RoleARN.
	ExternalID string `mapstructure:"external_id"`
}

// DeadLetterConfig says where refused documents are kept.
type DeadLetterConfig struct {
	// Path of a file that gets one JSON object per line. "" keeps nothing.
	Path string `mapstructure:"path"`
	// MaxBytes bounds the file together with its predecessor, Path + ".1".
	MaxBytes int64 `mapstructure:"max_bytes"`
}

// defaultDeadLetterBytes bounds the file unless max_bytes does.
const defaultDeadLetterBytes = 64 << 20

// UnmarshalText is for the short form, `dead_letter: path`.
func (c *DeadLetterConfig) UnmarshalText(path []byte) error {
	*c = DeadLetterConfig{Path: string(path), MaxBytes: defaultDeadLetterBytes}
	return nil
}

// TelemetryConfig says what PutTelemetryRecords reports. Its keys are contrib's.
type TelemetryConfig struct {
	Enabled         bool           `mapstructure:"enabled"`
	IncludeMetadata bool           `mapstructure:"include_metadata"`
	Contributors    []component.ID `mapstructure:"contributors,omitempty"`
	Hostname        string         `mapstructure:"hostname,omitempty"`
	InstanceID      string         `mapstructure:"instance_id,omitempty"`
	ResourceARN     string         `mapstructure:"resource_arn,omitempty"`
}

const (
	defaultWorkers = 8
	defaultTries   = 3 // of max_retries 0, as the AWS SDK has it
	maxDocuments   = 50
	// maxPutBytes bounds a request's body. AWS documents no limit; the
	// largest that 50 documents of ordinary size need is a quarter of it.
	maxPutBytes = 1 << 20
)

func createDefaultConfig() component.Config {
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer = exporterhelper.RequestSizerTypeItems
	queue.QueueSize = 100_000
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval, retry.MaxInterval = time.Second, 10*time.Second
	return &Config{
		Session:         SessionConfig{NumberOfWorkers: defaultWorkers, RequestTimeoutSeconds: 30, MaxRetries: 2},
		Translation:     translate.Default,
		Timeout:         exporterhelper.TimeoutConfig{Timeout: time.Minute},
		Queue:           configoptional.Some(queue),
		Retry:           retry,
		ShutdownTimeout: 20 * time.Second,
		DeadLetter:      DeadLetterConfig{MaxBytes: defaultDeadLetterBytes},
	}
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(c.Session.NumberOfWorkers < 0, "num_workers is %d, want at least 0", c.Session.NumberOfWorkers)
	refuse(c.Session.RequestTimeoutSeconds < 0, "request_timeout_seconds is %d, want at least 0", c.Session.RequestTimeoutSeconds)
	refuse(c.Session.MaxRetries < 0, "max_retries is %d, want at least 0", c.Session.MaxRetries)
	refuse(c.Session.ExternalID != "" && c.Session.RoleARN == "", "external_id needs role_arn")
	refuse(!(c.MaxDocumentsPerSecond >= 0), "max_documents_per_second is %v, want at least 0", c.MaxDocumentsPerSecond)
	refuse(c.ShutdownTimeout <= 0, "shutdown_timeout is %v, want more than 0", c.ShutdownTimeout)
	refuse(c.DeadLetter.Path != "" && c.DeadLetter.MaxBytes <= 0, "dead_letter: max_bytes is %d, want more than 0", c.DeadLetter.MaxBytes)
	if _, err := proxy(c.Session.ProxyAddress); err != nil {
		errs = append(errs, err)
	}
	if _, err := translate.New(c.translation()); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Config) translation() translate.Config {
	return translate.Config{
		Mode:               c.Translation,
		IndexedAttributes:  c.IndexedAttributes,
		IndexAllAttributes: c.IndexAllAttributes,
		LogGroupNames:      c.LogGroupNames,
		Disable:            c.DisableFixes,
	}
}

// persistent tells whether the queue is kept on disk.
func (c *Config) persistent() bool {
	return c.Queue.HasValue() && c.Queue.Get().StorageID != nil
}
