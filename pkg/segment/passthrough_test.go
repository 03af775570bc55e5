package segment

import "testing"

func TestPartReadsWhatItWrites(t *testing.T) {
	want := Part{Document: [8]byte{1, 2, 255}, Index: 3, Count: 7, Digest: [16]byte{9, 15: 254}}
	if s := want.String(); s != "1;0102ff0000000000;3/7;090000000000000000000000000000fe" {
		t.Errorf("text is %s", s)
	}
	if got, ok := ParsePart(want.String()); !ok || got != want {
		t.Errorf("got %+v, %v, want %+v", got, ok, want)
	}
}

func TestParsePartRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"nothing":          "",
		"another version":  "2;0102ff0000000000;3/7;090000000000000000000000000000fe",
		"a short document": "1;0102ff00000000;3/7;090000000000000000000000000000fe",
		"no digits":        "1;zz02ff0000000000;3/7;090000000000000000000000000000fe",
		"no index":         "1;0102ff0000000000;/7;090000000000000000000000000000fe",
		"an index too big": "1;0102ff0000000000;7/7;090000000000000000000000000000fe",
		"a negative index": "1;0102ff0000000000;-1/7;090000000000000000000000000000fe",
		"a count too big":  "1;0102ff0000000000;1/999999;090000000000000000000000000000fe",
		"a short digest":   "1;0102ff0000000000;3/7;09",
		"a redacted value": "****",
	} {
		if p, ok := ParsePart(s); ok {
			t.Errorf("%s: got %+v", name, p)
		}
	}
}
