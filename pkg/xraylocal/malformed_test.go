package xraylocal_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bragg-tracing/bragg/pkg/xraylocal"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// goodRequests are AWS's own, of each operation, from the SDK's tests: path and
// body.
func goodRequests(t *testing.T) (all [][2]string) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/xray").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "request_snapshot", "*.snap"))
	if err != nil || len(files) != 38 {
		t.Fatalf("%d snapshots, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(text), "\n")
		_, body, _ := strings.Cut(rest, "\n\n")
		all = append(all, [2]string{strings.TrimPrefix(first, "POST "), strings.TrimSpace(body)})
	}
	return all
}

// A spoiler makes bad requests of good ones, always the same for one seed.
type spoiler struct {
	*rand.Rand
	good  [][2]string
	bombs [][]byte // gzip, small, of much
}

func newSpoiler(t *testing.T) *spoiler {
	s := &spoiler{Rand: rand.New(rand.NewPCG(20, 26)), good: goodRequests(t)}
	for _, size := range []int{6 << 20, 20 << 20} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(make([]byte, size)) // a buffer takes all
		_ = z.Close()
		s.bombs = append(s.bombs, b.Bytes())
	}
	return s
}

func (s *spoiler) request() *http.Request {
	if s.IntN(5) == 0 {
		return s.otlp()
	}
	good := s.good[s.IntN(len(s.good))]
	path, body := good[0], s.spoil(good[1])
	method := http.MethodPost
	if s.IntN(30) == 0 {
		method = []string{http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch}[s.IntN(4)]
	}
	if s.IntN(50) == 0 {
		path += []string{"x", "/../../etc/passwd", "/%2e%2e/%2e%2e/", "%00"}[s.IntN(4)]
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", []string{"application/json", "text/plain", ""}[s.IntN(3)])
	r.Header.Set("Authorization", []string{"", "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 Credential=////////,,,", "Bearer \xff"}[s.IntN(4)])
	return r
}

// spoil returns a body that is broken, or says what nobody can do.
func (s *spoiler) spoil(body string) string {
	switch s.IntN(9) {
	case 0:
		return body[:s.IntN(len(body)+1)]
	case 1:
		return s.letters(s.IntN(200))
	case 2: // invalid UTF-8, in a string or anywhere
		i := s.IntN(len(body) + 1)
		return body[:i] + "\xff\xfe\xc0" + body[i:]
	case 3:
		n := 1 + s.IntN(12_000)
		return strings.Repeat([]string{"[", `{"a":`, `[{"TraceIds":`}[s.IntN(3)], n)
	case 4: // deep where something else is expected
		n := 1 + s.IntN(3000)
		return s.replaceValue(body, strings.Repeat("[", n)+strings.Repeat("]", n))
	case 5:
		return s.replaceValue(body, []string{"1e999", "-1e308", "99999999999999999999999", "1e-400", strings.Repeat("9", 1+s.IntN(5000))}[s.IntN(5)])
	case 6:
		return s.replaceValue(body, []string{"null", "true", `"x"`, "{}", "[]", "[null]", "0", `""`}[s.IntN(8)])
	case 7: // expressions and documents are languages of their own
		text, _ := json.Marshal(s.text())
		return s.replaceValue(body, string(text))
	default:
		return strings.ReplaceAll(body, `"__`, []string{`"`, `"\ud800`, `"\u0000`, `"../../`}[s.IntN(4)])
	}
}

func (s *spoiler) text() string {
	n := 1 + s.IntN(4_000)
	return []string{
		strings.Repeat("(", n), strings.Repeat("!", n), strings.Repeat("service(){", n), strings.Repeat("a", n),
		strings.Repeat(`{"subsegments":[`, n), `{"id":"` + strings.Repeat("0", n), "rootcause.json = #[" + strings.Repeat("[", n),
	}[s.IntN(7)]
}

func (s *spoiler) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return string(b)
}

// replaceValue puts a value in the place of one of a body's.
func (s *spoiler) replaceValue(body, value string) string {
	var places []int
	for i := range body {
		if body[i] == ':' {
			places = append(places, i+1)
		}
	}
	if len(places) == 0 {
		return value
	}
	from := places[s.IntN(len(places))]
	to := from
	for depth, quoted := 0, false; to < len(body); to++ { // to the end of the value
		switch c := body[to]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']' || c == ',') && depth == 0:
			return body[:from] + value + body[to:]
		case c == '}' || c == ']':
			depth--
		}
	}
	return body[:from] + value
}

func (s *spoiler) otlp() *http.Request {
	var body []byte
	encoding := ""
	switch s.IntN(40) {
	case 0:
		body, encoding = s.bombs[s.IntN(len(s.bombs))], "gzip"
	case 1, 2, 3:
		body, encoding = []byte(s.letters(s.IntN(300))), "gzip"
	case 4, 5, 6:
		body = []byte(s.letters(s.IntN(300)))
	case 7, 8, 9:
		n := 1 + s.IntN(4_000)
		body = []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":` + strings.Repeat(`{"arrayValue":{"values":[`, n))
	case 10, 11: // each byte a message in a message
		body = bytes.Repeat([]byte{0x0a, 0x7f}, 1+s.IntN(5000))
	default:
		body = []byte(s.spoil(`{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}`))
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(body))
	r.Header.Set("Content-Type", []string{"application/json", "application/x-protobuf", "text/plain", ";"}[s.IntN(4)])
	r.Header.Set("Content-Encoding", encoding)
	return r
}

// TestMalformedRequests sends 10,000 of them, and asks for a proper answer to
// each and for a server in health.
func TestMalformedRequests(t *testing.T) {
	const requests = 10_000
	server := start(t, xraylocal.Config{})
	requestsToSend := make(chan *http.Request)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for r := range requestsToSend {
				r.Host = "127.0.0.1"
				body, _ := io.ReadAll(r.Body) // of a string
				r.Body = io.NopCloser(bytes.NewReader(body))
				w := httptest.NewRecorder()
				server.Handler().ServeHTTP(w, r)
				if fault := improper(r, w); fault != "" {
					t.Errorf("%s: %s %s %.300q (%s): answer %d %s %.300s", fault, r.Method, r.URL.Path, body, r.Header.Get("Content-Type"), w.Code, w.Header().Get("x-amzn-errortype"), w.Body)
				}
			}
		})
	}
	s := newSpoiler(t)
	for range requests {
		requestsToSend <- s.request()
	}
	close(requestsToSend)
	workers.Wait()

	c := client(t, server.Addr(), server.Addr(), "k")
	if err := put(t.Context(), c); err != nil {
		t.Error(err)
	}
	if err := get(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// improper says what is wrong with an answer: it is JSON (or protobuf, to who
// sent that), and an error has a name, a message and a status that does not put
// the blame on the server.
func improper(r *http.Request, w *httptest.ResponseRecorder) string {
	contentType := w.Header().Get("Content-Type")
	otlp := r.URL.Path == api.OTLPPath
	var answer map[string]any
	switch {
	case w.Code >= 500:
		return "the server takes the blame"
	case otlp && contentType == "application/x-protobuf":
		return ""
	case contentType != "application/json":
		return fmt.Sprintf("content type %q", contentType)
	case json.Unmarshal(w.Body.Bytes(), &answer) != nil:
		return "no JSON object"
	case w.Code < 300:
		return ""
	case !otlp && w.Header().Get("x-amzn-errortype") == "":
		return "an error without a name"
	case answer["message"] == nil && answer["Message"] == nil:
		return "an error without a message"
	}
	return ""
}
