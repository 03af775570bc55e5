package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The credentials that requests must be signed with.
const (
	accessKey = "AKIDCOLLECTORMIX"
	secretKey = "secret-of-the-collector-mix"
)

// endpoint is an X-Ray that verifies signatures and decodes documents.
type endpoint struct {
	url    string
	server *http.Server
	stored atomic.Int64 // documents
	failed atomic.Pointer[string]
	faults atomic.Pointer[faults] // nil: none
}

func newEndpoint() (*endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{url: "http://" + l.Addr().String()}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}
	go e.server.Serve(l) //nolint:errcheck // close ends it
	return e, nil
}

func (e *endpoint) close() { e.server.Close() }

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := e.faults.Load()
	if f != nil && !f.before(w) {
		return
	}
	documents, err := e.read(r)
	if err != nil {
		message := err.Error()
		e.failed.Store(&message)
		http.Error(w, message, http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if f != nil {
		f.store(w, documents)
		return
	}
	e.stored.Add(int64(len(documents)))
	fmt.Fprint(w, `{"UnprocessedTraceSegments":[]}`)
}

// read verifies and decodes one put and returns its documents.
func (e *endpoint) read(r *http.Request) (documents []map[string]any, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := verify(r, body); err != nil {
		return nil, err
	}
	var put struct{ TraceSegmentDocuments []string }
	if err := json.Unmarshal(body, &put); err != nil {
		return nil, err
	}
	for _, text := range put.TraceSegmentDocuments {
		var document map[string]any
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return nil, fmt.Errorf("document %s: %w", text, err)
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// verify signs the request once more, from the headers that its signature
// names, and compares.
func verify(r *http.Request, body []byte) error {
	given := r.Header.Get("Authorization")
	_, list, ok := strings.Cut(given, "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	if !ok {
		return fmt.Errorf("the request is not signed: %q", given)
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for _, name := range strings.Split(list, ";") {
		if name != "host" && name != "content-length" {
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), "xray", "us-east-1", at); err != nil {
		return err
	}
	if own := again.Header.Get("Authorization"); own != given {
		return fmt.Errorf("the signature is %q, want %q", given, own)
	}
	return nil
}

// await waits until as many documents are stored, and no more come.
func (e *endpoint) await(documents int64) error {
	for deadline := time.Now().Add(30 * time.Second); e.stored.Load() < documents; {
		if time.Now().After(deadline) {
			failed := ""
			if f := e.failed.Load(); f != nil {
				failed = ": " + *f
			}
			return fmt.Errorf("%d of %d documents are stored%s", e.stored.Load(), documents, failed)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if stored := e.stored.Load(); stored != documents {
		return fmt.Errorf("%d documents are stored, want %d", stored, documents)
	}
	return nil
}
