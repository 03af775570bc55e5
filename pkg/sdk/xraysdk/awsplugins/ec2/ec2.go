// Package ec2 makes segments say on which instance of Amazon EC2 they were
// made.
package ec2

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/plugins"
)

// Origin is the kind of AWS resource.
const Origin = "AWS::EC2::Instance"

// Metdata is a part of the instance's identity document.
//
// Deprecated: nothing uses it; it is there for code that names it.
type Metdata struct {
	AvailabilityZone string
	ImageID          string
	InstanceID       string
	InstanceType     string
}

// endpoint is that of the instance metadata service:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
const endpoint = "http://169.254.169.254/latest/"

// timeout bounds Init where there is no metadata service.
const timeout = 2 * time.Second

// Init asks the instance metadata service who the instance is, by version 2 of
// its protocol or else version 1. It takes at most 2 seconds.
func Init() {
	if plugins.Current().EC2 != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	identity, err := describe(ctx, endpoint)
	if err != nil {
		logger.Errorf("ec2 plugin: %v", err)
		return
	}
	plugins.Update(func(m *plugins.Metadata) {
		m.EC2 = &plugins.EC2{InstanceID: identity.InstanceID, AvailabilityZone: identity.AvailabilityZone}
		m.Origin = Origin
	})
}

func describe(ctx context.Context, endpoint string) (*Metdata, error) {
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	token, err := call(ctx, client, http.MethodPut, endpoint+"api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60")
	if err != nil {
		logger.Debugf("ec2 plugin: no token, trying without: %v", err)
	}
	name := ""
	if len(token) > 0 {
		name = "X-aws-ec2-metadata-token"
	}
	content, err := call(ctx, client, http.MethodGet, endpoint+"dynamic/instance-identity/document", name, string(token))
	if err != nil {
		return nil, err
	}
	var identity Metdata
	if err := json.Unmarshal(content, &identity); err != nil {
		return nil, fmt.Errorf("identity document: %w", err)
	}
	return &identity, nil
}

func call(ctx context.Context, client *http.Client, method, url, header, value string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	if header != "" {
		request.Header.Set(header, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, url, response.Status)
		content = nil
	}
	return content, err
}
