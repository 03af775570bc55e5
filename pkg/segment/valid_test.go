package segment

import (
	"encoding/json"
	"strings"
	"testing"
)

var validSeeds = []string{
	``, ` `, `{}`, `[]`, ` { "a" : [ 1 , -0.5e+10 , true,false,null,"\u00e9\n" ] } `, `{"a":1,}`, `[1,]`, `[,1]`, `{"a"}`, `{a:1}`,
	`01`, `1.`, `.5`, `-`, `1e`, `1e+`, `-0`, `0.0`, `"\x"`, `"\u12g4"`, `"\u123`, "\"\x00\"", "\"\x1f\"", "\"\x7f\xff\"", `"<>&"`, `"\`, `"`,
	`tru`, `truex`, `nulll`, `{}{}`, `1 2`, "\v1", `{"a":{"b":[{}]}}`, `+1`, `NaN`, "\ufeff1",
}

func checkValid(t *testing.T, b []byte) {
	t.Helper()
	if got, want := valid(b), json.Valid(b); got != want {
		t.Errorf("valid(%.100q) = %t, json.Valid says %t", b, got, want)
	}
}

func TestValidIsEncodingJSON(t *testing.T) {
	for _, s := range validSeeds {
		checkValid(t, []byte(s))
		for i := range s {
			checkValid(t, []byte(s[:i]))
		}
	}
	for c := range 256 {
		checkValid(t, []byte{'"', byte(c), '"'})
		checkValid(t, []byte{'"', '\\', byte(c), '"'})
		checkValid(t, []byte{byte(c)})
	}
	for _, n := range []int{maxNesting - 1, maxNesting, maxNesting + 1} {
		checkValid(t, []byte(strings.Repeat("[", n)+strings.Repeat("]", n)))
		checkValid(t, []byte(strings.Repeat(`{"a":`, n)+"1"+strings.Repeat("}", n)))
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range validSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(checkValid)
}
