package sigv4_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/goleak"

	"github.com/bragg-tracing/bragg/pkg/sdk/sigv4"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func static(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken: "token"}, nil
}

func TestTransport(t *testing.T) {
	type seen struct{ authorization, token, date, body string }
	requests := make(chan seen, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- seen{r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"), r.Header.Get("X-Amz-Date"), string(body)}
	}))
	defer server.Close()
	base := &http.Transport{}
	client := &http.Client{Transport: sigv4.NewTransport(base, "xray", "eu-west-1", aws.CredentialsProviderFunc(static))}
	defer client.CloseIdleConnections()
	response, err := client.Post(server.URL+"/v1/traces", "application/x-protobuf", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	got := <-requests
	date := time.Now().UTC().Format("20060102")
	if want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" + date + "/eu-west-1/xray/aws4_request, SignedHeaders="; !strings.HasPrefix(got.authorization, want) {
		t.Errorf("Authorization: %s", got.authorization)
	}
	if got.token != "token" || got.body != "hello" || !strings.HasPrefix(got.date, date) {
		t.Errorf("request: %+v", got)
	}
}

func TestTransportErrors(t *testing.T) {
	none := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("nothing here")
	})
	client := &http.Client{Transport: sigv4.NewTransport(http.DefaultTransport, "xray", "eu-west-1", none)}
	if _, err := client.Get("http://127.0.0.1:1/"); err == nil || !strings.Contains(err.Error(), "AWS credentials: nothing here") {
		t.Errorf("error: %v", err)
	}
	client.Transport = sigv4.NewTransport(http.DefaultTransport, "xray", "eu-west-1", aws.CredentialsProviderFunc(static))
	if _, err := client.Post("http://127.0.0.1:1/", "", strings.NewReader(strings.Repeat("x", 17<<20))); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error: %v", err)
	}
}

// clear takes all variables away that name credentials.
func clear(t *testing.T) {
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
}

// TestCredentials has the places where a service runs, with servers in the
// roles of their endpoints.
func TestCredentials(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	document := func(w http.ResponseWriter, key string) {
		_ = json.NewEncoder(w).Encode(map[string]string{"Code": "Success", "AccessKeyId": key, "SecretAccessKey": "s", "Token": "t", "Expiration": expires.Format(time.RFC3339)})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pod", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "pod-token" {
			document(w, "POD")
		}
	})
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = io.WriteString(w, "imds")
	})
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/role") && r.Header.Get("X-Aws-Ec2-Metadata-Token") == "imds" {
			document(w, "EC2")
			return
		}
		_, _ = io.WriteString(w, "role")
	})
	mux.HandleFunc("POST /sts", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("WebIdentityToken") != "jwt" || r.PostFormValue("RoleArn") != "arn:aws:iam::1:role/x" || r.PostFormValue("Action") != "AssumeRoleWithWebIdentity" {
			http.Error(w, "<Error/>", http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
			<Credentials><SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey><Expiration>%s</Expiration><AccessKeyId>IRSA</AccessKeyId></Credentials>
			</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, expires.Format(time.RFC3339))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name      string
		variables map[string]string
		key       string // "" for an error
		problem   string
	}{
		{"variables", map[string]string{"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}, "ENV", ""},
		{"half of the variables", map[string]string{"AWS_ACCESS_KEY_ID": "ENV"}, "", "AWS_SECRET_ACCESS_KEY is not"},
		{"EKS, role of the service account", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": file("jwt", "jwt\n"),
			"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_ENDPOINT_URL_STS": server.URL + "/sts"}, "IRSA", ""},
		{"EKS, refused", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": file("other", "other"),
			"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_ENDPOINT_URL_STS": server.URL + "/sts"}, "", "403"},
		{"EKS, no role", map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": file("jwt", "jwt")}, "", "AWS_ROLE_ARN is not set"},
		{"EKS Pod Identity", map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL + "/pod",
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file("pod", "pod-token")}, "POD", ""},
		{"another host without TLS", map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"}, "", "without TLS"},
		{"EC2", map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.URL}, "EC2", ""},
		{"nothing", map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, "", "no AWS credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clear(t)
			for name, value := range tt.variables {
				t.Setenv(name, value)
			}
			got, err := sigv4.Credentials().Retrieve(t.Context())
			if got.AccessKeyID != tt.key || (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Fatalf("key %q, error %v; want %q, %q", got.AccessKeyID, err, tt.key, tt.problem)
			}
			if tt.key != "" && (got.SecretAccessKey != "s" || got.SessionToken != "t") {
				t.Errorf("credentials: %+v", got)
			}
			if got.CanExpire && !got.Expires.Truncate(time.Hour).Equal(expires.Truncate(time.Hour)) && got.Expires.After(expires) {
				t.Errorf("expires %v, want %v", got.Expires, expires)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	for region, want := range map[string]string{
		"": "https://xray.amazonaws.com", "eu-west-1": "https://xray.eu-west-1.amazonaws.com", "cn-north-1": "https://xray.cn-north-1.amazonaws.com.cn",
	} {
		if got := sigv4.Endpoint("xray", region); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}
