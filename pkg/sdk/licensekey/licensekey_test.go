package licensekey_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/sdk/licensekey"
)

const (
	usKey    = "0123456789abcdef0123456789abcdef0123NRAL"
	oldUSKey = "0123456789abcdef0123456789abcdef01234567"
	euKey    = "eu01xx0123456789abcdef0123456789abcdNRAL"
	jpKey    = "jp01xx0123456789abcdef0123456789abcdNRAL"
	govKey   = "gov01x0123456789abcdef0123456789abcdNRAL"
	newKey   = "zz01xx0123456789abcdef0123456789abcdNRAL"
)

func TestCheck(t *testing.T) {
	const us, eu, jp, gov = "https://otlp.nr-data.net", "https://otlp.eu01.nr-data.net:4317", "otlp.jp.nr-data.net:443", "https://GOV-otlp.nr-data.net/v1/traces"
	tests := []struct {
		name, key, endpoint string
		want                error
	}{
		{"US", usKey, us, nil},
		{"US of old", oldUSKey, us, nil},
		{"EU", euKey, eu, nil},
		{"JP", jpKey, jp, nil},
		{"FedRAMP", govKey, gov, nil},
		{"region to come", newKey, us, nil},
		{"trace observer", usKey, "https://abc.aws-us-east-1.tracing.edge.nr-data.net", nil},
		{"proxy", euKey, "http://127.0.0.1:4319", nil},
		{"no endpoint", euKey, "", nil},
		{"local", licensekey.Local, "http://127.0.0.1:4319", nil},
		{"local at New Relic", licensekey.Local, us, licensekey.ErrMalformed},
		{"local at a trace observer", licensekey.Local, "https://abc.tracing.edge.nr-data.net", licensekey.ErrMalformed},
		{"US at EU", usKey, eu, licensekey.ErrRegion},
		{"EU at US", euKey, us, licensekey.ErrRegion},
		{"US at FedRAMP", usKey, gov, licensekey.ErrRegion},
		{"empty", "", us, licensekey.ErrMissing},
		{"blank", "  ", "http://127.0.0.1:4319", licensekey.ErrMissing},
		{"short", usKey[1:], us, licensekey.ErrMalformed},
		{"long", usKey + "0", us, licensekey.ErrMalformed},
		{"new line", usKey + "\n", us, licensekey.ErrMalformed},
		{"not alphanumeric", "-" + usKey[1:], us, licensekey.ErrMalformed},
		{"multibyte", "éé" + usKey[4:], us, licensekey.ErrMalformed},
		{"user key", "NRAK-0123456789ABCDEF0123456789A", us, licensekey.ErrMalformed},
		{"user key of 40", "NRAK-" + usKey[5:], us, licensekey.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := licensekey.Check(tt.key, tt.endpoint)
			if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
				t.Fatalf("Check: %v, want %v", err, tt.want)
			}
			if err == nil {
				return
			}
			if part := strings.TrimSpace(tt.key); len(part) > 8 && strings.Contains(err.Error(), part[len(part)-8:]) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestCheckExplains(t *testing.T) {
	for want, err := range map[string]error{
		"user key":                      licensekey.Check("NRAK-0123456789ABCDEF0123456789A", ""),
		"https://otlp.eu01.nr-data.net": licensekey.Check(euKey, "https://otlp.nr-data.net"),
		"has 39 characters":             licensekey.Check(usKey[1:], ""),
		"new line":                      licensekey.Check(usKey+"\n", ""),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestRegions(t *testing.T) {
	for _, tt := range []struct {
		key  string
		want licensekey.Region
	}{
		{usKey, licensekey.US}, {euKey, licensekey.EU}, {jpKey, licensekey.JP}, {govKey, licensekey.FedRAMP},
	} {
		region, ok := licensekey.RegionOf(tt.key)
		if !ok || region != tt.want {
			t.Errorf("RegionOf(%s…) = %s, %t; want %s", tt.key[:6], region, ok, tt.want)
		}
		if err := licensekey.Check(tt.key, licensekey.OTLPEndpoint(region)); err != nil {
			t.Error(err)
		}
		if !licensekey.IsNewRelic(licensekey.OTLPEndpoint(region)) || !strings.HasSuffix(licensekey.NerdGraphEndpoint(region), "/graphql") {
			t.Errorf("endpoints of %s: %s, %s", region, licensekey.OTLPEndpoint(region), licensekey.NerdGraphEndpoint(region))
		}
	}
	if _, ok := licensekey.RegionOf(newKey); ok || licensekey.OTLPEndpoint("zz") != "" || licensekey.NerdGraphEndpoint("zz") != "" {
		t.Error("an unknown region has endpoints")
	}
	for _, other := range []string{"", "http://127.0.0.1:4319", "https://nr-data.net.example.com", "http://%zz"} {
		if licensekey.IsNewRelic(other) {
			t.Errorf("%q is not New Relic's", other)
		}
	}
}
