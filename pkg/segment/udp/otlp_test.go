package udp

import (
	"encoding/base64"
	"testing"
)

func TestOTLPIn(t *testing.T) {
	for name, tt := range map[string]struct {
		document, message string
		kind              Kind
		wrong             bool
	}{
		"sampled":           {"T1SAQID", "\x01\x02\x03", Sampled, false},
		"not sampled":       {"T1UAQI=", "\x01\x02", Unsampled, false},
		"a line's end":      {"T1SAQID\n", "\x01\x02\x03", Sampled, false},
		"nothing":           {"T1S", "", Sampled, false},
		"no base64":         {"T1S%%%%", "", Sampled, true},
		"a document":        {`{"id":"T1S"}`, "", Segment, false},
		"an unknown prefix": {"T2SAQID", "", Segment, false},
	} {
		message, kind, err := OTLPIn([]byte(tt.document))
		if string(message) != tt.message || kind != tt.kind || (err != nil) != tt.wrong {
			t.Errorf("%s: %q, kind %d, error %v", name, message, kind, err)
		}
	}
}

func FuzzOTLPIn(f *testing.F) {
	for _, seed := range []string{"T1SAQID", "T1UAQI=", "T1S", "T1S=", "{}", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		message, kind, err := OTLPIn(document)
		if kind == Segment && (message != nil || err != nil) {
			t.Errorf("%q, %v of a document", message, err)
		}
		if err == nil && kind != Segment && base64.StdEncoding.DecodedLen(len(document)) < len(message) {
			t.Errorf("%d bytes of %d", len(message), len(document))
		}
	})
}
