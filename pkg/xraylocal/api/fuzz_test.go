package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzParsePolicy holds that whatever is said of a policy, it is said without a
// panic, and that what is accepted is JSON.
func FuzzParsePolicy(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[`, `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"xray:*","Resource":"*"}]}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotPrincipal":{"AWS":["1"]},"NotAction":["xray:[a"],"NotResource":"*","Condition":{"a":{"b":1}}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		statements, err := parsePolicy(document)
		if err == nil && (len(statements) == 0 || !json.Valid([]byte(document))) {
			t.Errorf("accepted: %q", document)
		}
		statements.lockOut(defaultAccount)
	})
}

// FuzzCallers holds that a header names a region and an account, or none.
func FuzzCallers(f *testing.F) {
	for _, seed := range []string{"", "Bearer x", "AWS4-HMAC-SHA256 Credential=111111111111/20260923/eu-west-1/xray/aws4_request, SignedHeaders=host, Signature=0", "AWS4-HMAC-SHA256 Credential=////"} {
		f.Add(seed, "arn:aws:xray:eu-west-1:111111111111:group/a/b")
	}
	h := &Handler{cfg: Config{Isolate: true}}
	f.Fuzz(func(t *testing.T, authorization, arn string) {
		r := httptest.NewRequest(http.MethodPost, "/Groups", nil)
		r.Header.Set("Authorization", authorization)
		c := h.identify(r)
		if !accountID.MatchString(c.account) || !regionID.MatchString(c.region) || c.namespace != c.account+"/"+c.region {
			t.Errorf("caller %+v", c)
		}
		if kind, rest := c.parseARN(arn); kind != "" && !strings.HasSuffix(arn, kind+"/"+rest) && !strings.HasSuffix(arn, kind) {
			t.Errorf("%q is %q and %q", arn, kind, rest)
		}
	})
}
