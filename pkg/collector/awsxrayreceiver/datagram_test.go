package awsxrayreceiver

import (
	"bytes"
	"testing"
)

func TestDocumentIn(t *testing.T) {
	for name, first := range map[string]string{
		"the SDKs'":       `{"format": "json", "version": 1}`,
		"without spaces":  `{"format":"json","version":1}`,
		"another order":   `{"version":1,"format":"JSON"}`,
		"a carriage line": `{"format": "json", "version": 1}` + "\r",
	} {
		document, err := documentIn([]byte(first + "\n{}\n{}"))
		if err != nil || string(document) != "{}\n{}" {
			t.Errorf("%s: %q, %v", name, document, err)
		}
	}
}

func FuzzDocumentIn(f *testing.F) {
	for _, seed := range []string{"", "\n", header, header + minimal, `{"format":"json","version":2}` + "\n{}", `{"version":1e0,"format":"jSoN"}` + "\n{}", "[]\n{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		document, err := documentIn(datagram)
		if (err == nil) != (len(document) > 0) {
			t.Fatalf("document %q, error %v", document, err)
		}
		if err == nil && !bytes.HasSuffix(datagram, append([]byte{'\n'}, document...)) {
			t.Errorf("document %q is not what follows the first line of %q", document, datagram)
		}
	})
}
