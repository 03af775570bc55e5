package awsxrayreceiver

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configtls"

	"github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver/spans"
	"github.com/bragg-tracing/bragg/pkg/segment/udp"
)

// Config is the receiver's configuration. The README tells what each key means.
type Config struct {
	// AddrConfig is where documents come in: endpoint, and transport, which
	// can only be udp.
	confignet.AddrConfig `mapstructure:",squash"`
	// ProxyServer passes the SDKs' calls to X-Ray.
	ProxyServer ProxyConfig `mapstructure:"proxy_server"`

	// KeepDocument lets the document travel beside its spans.
	KeepDocument bool `mapstructure:"keep_document"`
	// HTTPConventions names the attributes of http blocks: old, stable or both.
	HTTPConventions string `mapstructure:"http_conventions"`
	// ReadBufferBytes is asked of the kernel for the socket.
	ReadBufferBytes int `mapstructure:"read_buffer_bytes"`
	// QueueBytes bounds the datagrams that wait for a worker.
	QueueBytes int64 `mapstructure:"queue_bytes"`
	// NumWorkers translate and hand on. 0 means one less than processors, at
	// least one: in a burst the socket has a processor to itself.
	NumWorkers int `mapstructure:"num_workers"`
}

// ProxyConfig says where calls come in and where they go. Its keys are contrib's.
type ProxyConfig struct {
	// TCPAddrConfig is where calls come in; no endpoint, no proxy.
	confignet.TCPAddrConfig `mapstructure:",squash"`
	// ProxyAddress is the URL of a proxy on the way to X-Ray; without it
	// HTTPS_PROXY and NO_PROXY of the environment apply.
	ProxyAddress string `mapstructure:"proxy_address"`
	// TLS is for X-Ray's certificate. insecure does not check it.
	TLS configtls.ClientConfig `mapstructure:"tls,omitempty"`
	// Region, or else that of the environment, the profile or EC2.
	Region string `mapstructure:"region"`
	// RoleARN is assumed for the calls.
	RoleARN string `mapstructure:"role_arn"`
	// AWSEndpoint replaces the region's URL of the service.
	AWSEndpoint string `mapstructure:"aws_endpoint"`
	// LocalMode keeps away from the EC2 metadata service.
	LocalMode bool `mapstructure:"local_mode"`
	// ServiceName is what calls are signed for.
	ServiceName string `mapstructure:"service_name"`
}

const (
	defaultEndpoint   = "localhost:2000"
	defaultService    = "xray"
	defaultReadBuffer = 4 << 20
	defaultQueueBytes = 64 << 20
)

func createDefaultConfig() component.Config {
	return &Config{
		AddrConfig: confignet.AddrConfig{Endpoint: defaultEndpoint, Transport: confignet.TransportTypeUDP},
		ProxyServer: ProxyConfig{
			TCPAddrConfig: confignet.TCPAddrConfig{Endpoint: defaultEndpoint},
			ServiceName:   defaultService,
		},
		KeepDocument:    true,
		HTTPConventions: "old",
		ReadBufferBytes: defaultReadBuffer,
		QueueBytes:      defaultQueueBytes,
	}
}

var conventions = map[string]spans.Conventions{"old": spans.OldHTTP, "stable": spans.StableHTTP, "both": spans.BothHTTP}

// Validate implements xconfmap.Validator. It looks at no port, so that a
// configuration can be checked beside a running collector.
func (c *Config) Validate() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(c.Transport != confignet.TransportTypeUDP, "transport is %q, want udp", c.Transport)
	_, _, err := net.SplitHostPort(c.Endpoint)
	refuse(err != nil, "endpoint: %w", err)
	refuse(conventions[c.HTTPConventions] == 0, "http_conventions is %q, want old, stable or both", c.HTTPConventions)
	refuse(c.ReadBufferBytes < 0, "read_buffer_bytes is %d, want at least 0", c.ReadBufferBytes)
	refuse(c.QueueBytes < udp.MaxDatagram, "queue_bytes is %d, want at least %d", c.QueueBytes, udp.MaxDatagram)
	refuse(c.NumWorkers < 0, "num_workers is %d, want at least 0", c.NumWorkers)
	return errors.Join(append(errs, c.ProxyServer.Validate())...)
}

// Validate implements xconfmap.Validator.
func (c *ProxyConfig) Validate() error {
	var errs []error
	if _, _, err := net.SplitHostPort(c.Endpoint); c.Endpoint != "" && err != nil {
		errs = append(errs, fmt.Errorf("proxy_server: endpoint: %w", err))
	}
	if u, err := url.Parse(c.AWSEndpoint); c.AWSEndpoint != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		errs = append(errs, fmt.Errorf("proxy_server: aws_endpoint is %q, want an http or https URL", c.AWSEndpoint))
	}
	if _, err := c.via(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// via returns how a request finds its proxy.
func (c *ProxyConfig) via() (func(*http.Request) (*url.URL, error), error) {
	if c.ProxyAddress == "" {
		return http.ProxyFromEnvironment, nil
	}
	u, err := url.Parse(c.ProxyAddress)
	if err != nil {
		return nil, errors.New("proxy_server: proxy_address is not a URL") // which may hold a password
	}
	return http.ProxyURL(u), nil
}

func (c *Config) workers() int {
	if c.NumWorkers > 0 {
		return c.NumWorkers
	}
	return max(1, runtime.GOMAXPROCS(0)-1)
}

func (c *Config) translation() spans.Options {
	return spans.Options{KeepDocument: c.KeepDocument, HTTP: conventions[c.HTTPConventions]}
}
