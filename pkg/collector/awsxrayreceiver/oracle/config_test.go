package oracle

import (
	"reflect"
	"testing"
	"time"

	bragg "github.com/bragg-tracing/bragg/pkg/collector/awsxrayreceiver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/awsxrayreceiver"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// everyContribKey has all keys of contrib's receiver.
const everyContribKey = `
endpoint: 0.0.0.0:2001
transport: udp
dialer: {timeout: 1s}
proxy_server:
  endpoint: 0.0.0.0:2002
  dialer: {timeout: 2s}
  proxy_address: http://proxy:3128
  tls: {insecure: true, server_name_override: x, ca_file: ca.pem}
  region: eu-west-1
  role_arn: arn:aws:iam::123456789012:role/r
  aws_endpoint: https://xray.example.com
  local_mode: true
  service_name: logs
`

func load(t *testing.T, text string, cfg any) {
	t.Helper()
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	if err := confmap.NewFromStringMap(values).Unmarshal(cfg); err != nil {
		t.Fatal(err)
	}
}

func TestContribsKeys(t *testing.T) {
	theirs := contrib.NewFactory().CreateDefaultConfig().(*contrib.Config)
	ours := bragg.NewFactory().CreateDefaultConfig().(*bragg.Config)
	compare := func(what string) {
		t.Helper()
		if diff := cmp.Diff(theirs.AddrConfig, ours.AddrConfig, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(theirs.AddrConfig, theirs.AddrConfig.DialerConfig)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		a, b := reflect.ValueOf(theirs.ProxyServer).Elem(), reflect.ValueOf(ours.ProxyServer)
		for i := range a.NumField() {
			name := a.Type().Field(i).Name
			if !reflect.DeepEqual(a.Field(i).Interface(), b.FieldByName(name).Interface()) {
				t.Errorf("%s: %s is %v, contrib's %v", what, name, b.FieldByName(name), a.Field(i))
			}
		}
	}
	compare("defaults")
	load(t, everyContribKey, theirs)
	load(t, everyContribKey, ours)
	compare("all keys")
	if ours.ProxyServer.DialerConfig.Timeout != 2*time.Second {
		t.Error("the text was not read")
	}
	if err := ours.Validate(); err != nil {
		t.Error(err)
	}
}
