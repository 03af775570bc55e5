package segment

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

var appendStrings = []string{
	"", "plain", `quote " and \ backslash`, "a<b>&c", "tab\tnew\nline\r\b\f\x00\x1f\x7f",
	"ümläut", "日本語", "\u2028\u2029", "bad \xff\xfe utf8", "\xc3", "12345678\"", "1234567<", "12345678é12345678",
	strings.Repeat("x", 100) + "&", "12345>78", "\x80aaaaaaa", "!!!!!!!!", "########", "''''''''", "????????", "========", "[[[[]]]]",
}

func checkAppendString(t *testing.T, s string) {
	t.Helper()
	want, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if got := AppendUnquoted(nil, AppendString(nil, s)); string(got) != string(want) {
		t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
	}
}

func TestAppendStringIsEncodingJSON(t *testing.T) {
	for _, s := range appendStrings {
		checkAppendString(t, s)
	}
	for c := range 256 { // every byte at every place of a word
		for i := range 9 {
			checkAppendString(t, strings.Repeat("a", i)+string([]byte{byte(c)})+strings.Repeat("~", 10-i))
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range appendStrings {
		f.Add(s)
	}
	f.Fuzz(checkAppendString)
}

func checkAppendFloat(t *testing.T, v float64) {
	t.Helper()
	got := AppendUnquoted(nil, AppendFloat(nil, v))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		if !json.Valid(got) {
			t.Errorf("AppendFloat(%v) = %s, not JSON", v, got)
		}
		return
	}
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("AppendFloat(%v) = %s, want %s", v, got, want)
	}
}

func TestAppendFloatIsEncodingJSON(t *testing.T) {
	for _, v := range []float64{
		0, 1, -1, 1.5, 1e-6, 1e-7, 9.99e-7, -1e-9, 1e-10, 1e-100, 1e20, 1e21, 1.7e300, 1700000000.123456789,
		math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1),
	} {
		checkAppendFloat(t, v)
	}
}

func FuzzAppendFloat(f *testing.F) {
	f.Add(1e-7)
	f.Fuzz(checkAppendFloat)
}

func TestAppendSecondsReadsAsTheFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	times := []uint64{
		0, 1, 1e9, 1<<30*1e9 - 1, 1 << 30 * 1e9, 1<<30*1e9 + 119, 1700000000000000000, 1732266206123456789,
		1<<31*1e9 - 1, 1<<31*1e9 - 120, 1 << 31 * 1e9, math.MaxInt64, math.MaxUint64,
	}
	for range 100_000 {
		times = append(times, 1<<30*1e9+r.Uint64N(1<<30*1e9))
	}
	for _, ns := range times {
		text := AppendSeconds(nil, ns)
		var got float64
		if err := json.Unmarshal(text, &got); err != nil || got != float64(ns)/1e9 {
			t.Fatalf("AppendSeconds(%d) = %s, %v, want %v", ns, text, err, float64(ns)/1e9)
		}
	}
}

func TestAppendIDs(t *testing.T) {
	trace := [16]byte{0x58, 0x40, 0x65, 0x20, 0xa0, 0x06, 0x64, 0x91, 0x27, 0xe3, 0x71, 0x90, 0x3a, 0x2d, 0xe9, 0x79}
	if got, want := string(AppendTraceID(nil, trace)), `\"1-58406520-a006649127e371903a2de979\"`; got != want {
		t.Errorf("AppendTraceID = %s, want %s", got, want)
	}
	if got, want := string(AppendID(nil, [8]byte{0, 1, 2, 3, 0xaa, 0xbb, 0xcc, 0xff})), `\"00010203aabbccff\"`; got != want {
		t.Errorf("AppendID = %s, want %s", got, want)
	}
}

func TestCloseObject(t *testing.T) {
	for _, test := range []struct{ name, members, object, array string }{
		{"empty", ``, `{}`, `[]`},
		{"one", `,1`, `{1}`, `[1]`},
		{"two", `,1,2`, `{1,2}`, `[1,2]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(CloseObject([]byte("x:"+test.members), 2)); got != "x:"+test.object {
				t.Errorf("CloseObject = %s", got)
			}
			if got := string(CloseArray([]byte("x:"+test.members), 2)); got != "x:"+test.array {
				t.Errorf("CloseArray = %s", got)
			}
		})
	}
}
