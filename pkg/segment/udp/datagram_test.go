package udp

import (
	"bytes"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const header = `{"format": "json", "version": 1}` + "\n"

func TestDocumentIn(t *testing.T) {
	for name, first := range map[string]string{
		"the SDKs'":       `{"format": "json", "version": 1}`,
		"without spaces":  `{"format":"json","version":1}`,
		"another order":   `{"version":1,"format":"JSON"}`,
		"a carriage line": `{"format": "json", "version": 1}` + "\r",
	} {
		document, err := DocumentIn([]byte(first + "\n{}\n{}"))
		if err != nil || string(document) != "{}\n{}" {
			t.Errorf("%s: %q, %v", name, document, err)
		}
	}
}

func FuzzDocumentIn(f *testing.F) {
	for _, seed := range []string{"", "\n", header, header + `{"id":"00000000000000d1"}`, `{"format":"json","version":2}` + "\n{}", `{"version":1e0,"format":"jSoN"}` + "\n{}", "[]\n{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		document, err := DocumentIn(datagram)
		if (err == nil) != (len(document) > 0) {
			t.Fatalf("document %q, error %v", document, err)
		}
		if err == nil && !bytes.HasSuffix(datagram, append([]byte{'\n'}, document...)) {
			t.Errorf("document %q is not what follows the first line of %q", document, datagram)
		}
	})
}
