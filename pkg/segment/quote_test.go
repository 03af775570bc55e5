package segment

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", `{"a":"b\"c\\"}`, "\x00\x1f\n\t\r\x7f", "größer <&> \u2028",
		strings.Repeat(`"`, 100), strings.Repeat("\t", 100), "0123456\n", `\u0041\u003c`, `\`} {
		f.Add([]byte("before"), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, before, text []byte) {
		text = bytes.ToValidUTF8(text, nil)
		quoted := AppendQuoted(bytes.Clone(before), text)
		if !bytes.HasPrefix(quoted, before) {
			t.Fatalf("%q was changed: %q", before, quoted)
		}
		quoted = quoted[len(before):]
		var got string
		if err := json.Unmarshal([]byte(`"`+string(quoted)+`"`), &got); err != nil || got != string(text) {
			t.Errorf("%q became %q: %v", text, got, err)
		}
		if back := AppendUnquoted(bytes.Clone(before), quoted); string(back) != string(before)+string(text) {
			t.Errorf("%q became %q, and that %q", text, quoted, back)
		}
	})
}

// FuzzUnquote holds that nothing makes it fail.
func FuzzUnquote(f *testing.F) {
	f.Add([]byte(`\u00`))
	f.Add([]byte(`\u00zz\`))
	f.Fuzz(func(t *testing.T, quoted []byte) {
		if got := AppendUnquoted(nil, quoted); len(got) > len(quoted) {
			t.Errorf("%q became %q", quoted, got)
		}
	})
}
