package up

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

func TestParseBackends(t *testing.T) {
	tests := []struct {
		list string
		want []Backend
		err  string
	}{
		{"xray", []Backend{XRay}, ""},
		{"newrelic", []Backend{NewRelic}, ""},
		{"newrelic, xray", []Backend{XRay, NewRelic}, ""},
		{"xray,xray", []Backend{XRay}, ""},
		{"", nil, `unknown backend ""`},
		{"jaeger", nil, `unknown backend "jaeger": use xray, newrelic or xray,newrelic`},
	}
	for _, tt := range tests {
		t.Run(tt.list, func(t *testing.T) {
			got, err := ParseBackends(tt.list)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("got error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRegionIsChecked(t *testing.T) {
	for region, ok := range map[string]bool{
		"": true, "eu-west-1": true, "us-gov-west-1": true, "ap-southeast-12": true,
		"Frankfurt": false, "us-east": false, "us-east-1a": false, "us-east-1.evil.example": false,
	} {
		err := (&Config{Region: region}).setDefaults()
		if (err == nil) != ok {
			t.Errorf("region %q: error %v, want one: %t", region, err, !ok)
		}
	}
}

func TestPortsInUseAreNamed(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ports, err := FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	if err := ports.check(); err != nil {
		t.Errorf("free ports: %v", err)
	}
	ports.Daemon = taken.LocalAddr().(*net.UDPAddr).Port
	err = ports.check()
	for _, want := range []string{"in use", "X-Ray daemon", "--daemon-port", "--free-ports"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func TestFreePortsAreDistinct(t *testing.T) {
	ports, err := FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]string{}
	ports.EachFlag(func(port *int, flag, _ string) {
		if other, ok := seen[*port]; ok || *port == 0 {
			t.Errorf("--%s has port %d, and so has --%s", flag, *port, other)
		}
		seen[*port] = flag
	})
}

// realEnvironment is what a developer's shell may hold.
func realEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real",
		"AWS_PROFILE": "production", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_XRAY": "https://xray.eu-west-1.amazonaws.com",
		"AWS_XRAY_DAEMON_ADDRESS": "203.0.113.1:2000", "NEW_RELIC_LICENSE_KEY": strings.Repeat("0", 36) + "NRAL",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://203.0.113.1:4317", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=real",
		"ECS_CONTAINER_METADATA_URI_V4": "http://203.0.113.1/v4/x",
	} {
		t.Setenv(name, value)
	}
}

func TestIsolateLeavesNothingThatIsReal(t *testing.T) {
	realEnvironment(t)
	if err := Isolate(); err != nil {
		t.Fatal(err)
	}
	for _, variable := range os.Environ() {
		if strings.Contains(strings.ToLower(variable), "real") || strings.Contains(variable, "203.0.113") || strings.Contains(variable, "eu-west-1") {
			t.Errorf("left: %s", variable)
		}
	}
	if got := os.Getenv("AWS_EC2_METADATA_DISABLED"); got != "true" {
		t.Errorf("AWS_EC2_METADATA_DISABLED is %q", got)
	}
}

func TestCollectorEnv(t *testing.T) {
	const usKey = "0123456789abcdef0123456789abcdef0123NRAL"
	const euKey = "eu01xx0123456789abcdef0123456789abcdNRAL"
	tests := []struct {
		name     string
		cfg      Config
		key      string
		want     map[string]string
		wantErr  string
		endpoint string
	}{
		{name: "local", want: map[string]string{
			"BRAGG_XRAY_EXPORTERS": "[awsxray]", "BRAGG_NEWRELIC_EXPORTERS": "[otlp_http/newrelic]",
			"BRAGG_XRAY_ENDPOINT": "http://127.0.0.1:2080", "BRAGG_NEWRELIC_ENDPOINT": "http://127.0.0.1:4319",
			"NEW_RELIC_LICENSE_KEY": licensekey.Local,
		}},
		{name: "local, with a real key about", key: usKey, want: map[string]string{"NEW_RELIC_LICENSE_KEY": licensekey.Local}},
		{name: "X-Ray alone", cfg: Config{Backends: []Backend{XRay}}, want: map[string]string{"BRAGG_NEWRELIC_EXPORTERS": "[debug/off]"}},
		{name: "New Relic alone", cfg: Config{Backends: []Backend{NewRelic}}, want: map[string]string{"BRAGG_XRAY_EXPORTERS": "[debug/off]"}},
		{name: "real", cfg: Config{Real: true, Region: "eu-west-1"}, key: usKey, want: map[string]string{
			"BRAGG_XRAY_ENDPOINT": "https://xray.eu-west-1.amazonaws.com", "BRAGG_NEWRELIC_ENDPOINT": "https://otlp.nr-data.net",
			"NEW_RELIC_LICENSE_KEY": usKey,
		}},
		{name: "real in China", cfg: Config{Real: true, Region: "cn-north-1", Backends: []Backend{XRay}}, want: map[string]string{
			"BRAGG_XRAY_ENDPOINT": "https://xray.cn-north-1.amazonaws.com.cn",
		}},
		{name: "real, a key of the EU", cfg: Config{Real: true}, key: euKey, want: map[string]string{
			"BRAGG_NEWRELIC_ENDPOINT": "https://otlp.eu01.nr-data.net",
		}},
		{name: "real without a key", cfg: Config{Real: true}, wantErr: "--backends xray"},
		{name: "real X-Ray needs no key", cfg: Config{Real: true, Backends: []Backend{XRay}}, want: map[string]string{"BRAGG_NEWRELIC_EXPORTERS": "[debug/off]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NEW_RELIC_LICENSE_KEY", tt.key)
			t.Setenv("BRAGG_NEWRELIC_ENDPOINT", "")
			tt.cfg.Ports = DefaultPorts
			if err := tt.cfg.setDefaults(); err != nil {
				t.Fatal(err)
			}
			got, err := tt.cfg.collectorEnv()
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("got error %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got[name] != want {
					t.Errorf("%s is %q, want %q", name, got[name], want)
				}
			}
		})
	}
}
