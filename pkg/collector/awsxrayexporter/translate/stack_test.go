package translate

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/bragg-tracing/bragg/pkg/segment"
)

type frame struct {
	Path  string
	Line  int
	Label string
}

type exception struct {
	ID, Message, Type, Cause string
	Stack                    []frame
}

// parsed runs a parser as the cause does, and returns the exceptions.
func parsed(t testing.TB, parse parser, trace string) []exception {
	t.Helper()
	s := newScratch(mustNew(t, Config{Mode: Compat}))
	s.span = ptrace.NewSpan()
	s.stack.begin([]byte("["), "T", "m", false)
	parse(&s.stack, trace)
	b := segment.AppendUnquoted(nil, append(s.stack.end(), ']'))
	b[1] = ' ' // the comma before the first
	var exceptions []exception
	if err := json.Unmarshal(b, &exceptions); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	for i, e := range exceptions[1:] {
		if exceptions[i].Cause != e.ID {
			t.Fatalf("exception %d has the cause %s, want %s", i, exceptions[i].Cause, e.ID)
		}
	}
	for i := range exceptions {
		exceptions[i].ID, exceptions[i].Cause = "", ""
	}
	return exceptions
}

var top = exception{Type: "T", Message: "m"}

func with(e exception, frames ...frame) exception {
	e.Stack = frames
	return e
}

var stackTests = []struct {
	name  string
	parse parser
	trace string
	want  []exception
}{
	{"java", parseJava, "X: m\n\tat app//com.Cart.add(Cart.java:17)\n\tat com.Main.run(Native Method)\n\t... 3 more\n" +
		"Caused by: java.io.IOException: disk\r\n full\n\tat com.Disk.write(Disk.java:x)\n\tSuppressed: Z\n\t\tat z.Z(Z.java:1)\n", []exception{
		with(top, frame{"Cart.java", 17, "/com.Cart.add"}, frame{"Native Method", 0, "com.Main.run"}),
		with(exception{Type: "java.io.IOException", Message: "disk full"}, frame{"Disk.java", 0, "com.Disk.write"}),
	}},
	{"java cause ends with its colon", parseJava, "X\nCaused by: Y:", []exception{top, {Type: "Y"}}},
	{"java cause without message", parseJava, "X\nCaused by: Y\n\tat a(b:1)", []exception{top, with(exception{Type: "Y"}, frame{"b", 1, "a"})}},
	{"java one line", parseJava, "X: m", []exception{top}},
	{"python", parsePython, "Traceback (most recent call last):\n  File \"disk.py\", line 7, in read\n    raise OSError()\nOSError: disk\n more\n\n" +
		pythonHandling + "\n\nTraceback (most recent call last):\n  File \"main.py\", line 3, in <module>\n    add()\n" +
		"  File \"cart.py\", line 17, in add\n    raise ValueError()\nValueError: top", []exception{
		with(top, frame{"cart.py", 17, "add"}, frame{"main.py", 3, "<module>"}),
		with(exception{Type: "OSError", Message: "disk\n more"}, frame{"disk.py", 7, "read"}),
	}},
	{"python cause ends with its colon", parsePython, "  File \"a\", line 1, in b\n    x\nKeyError:\n\n" + pythonHandling + "\n\nx\ny",
		[]exception{top, with(exception{Type: "KeyError"}, frame{"a", 1, "b"})}},
	{"python file right before", parsePython, "  File \"a\", line 1, in b\n" + pythonHandling + "\n\nx\ny", []exception{top}},
	{"python short file", parsePython, "  File ,a,b\nX", []exception{with(top, frame{})}},
	{"python direct cause, unknown to contrib", parsePython, "  File \"a\", line 1, in b\n    x\nK: k\n\n" + pythonDirect + "\n\nx\ny",
		[]exception{with(top, frame{"a", 1, "b"})}},
	{"python direct cause", parsePythonCauses, "  File \"a\", line 1, in b\n    x\nK: k\n\n" + pythonDirect + "\n\nx\ny",
		[]exception{top, with(exception{Type: "K", Message: "k"}, frame{"a", 1, "b"})}},
	{"javascript", parseJavaScript, "Error: m\n    at Cart.add (/srv/cart.js:17:5)\n    at /srv/main.js:3:1\n    at Array.map (native)\n    at x (y\n    at file:///a.js:1:2", []exception{
		with(top, frame{"/srv/cart.js", 17, "Cart.add "}, frame{"/srv/main.js", 3, ""}, frame{"native", 0, "Array.map "}, frame{"file", 0, ""}),
	}},
	{"javascript with colons in paths", parseJavaScriptColons, "Error: m\n    at file:///srv/a.mjs:1:2\n    at f (C:\\a.js:3:4)\n    at g (native)\n    at node:internal/x:5:6\n    at h (a:b)", []exception{
		with(top, frame{"file:///srv/a.mjs", 1, ""}, frame{`C:\a.js`, 3, "f "}, frame{"native", 0, "g "}, frame{"node:internal/x", 5, ""}, frame{"a:b", 0, "h "}),
	}},
	{"dotnet", parseDotnet, "X: m\n   at Shop.Cart.Add(Item i) in /srv/Cart.cs:line 17\r\n   at Shop.Main()\n   at nothing\n", []exception{
		with(top, frame{"/srv/Cart.cs", 17, "Shop.Cart.Add(Item i)"}, frame{"", 0, "Shop.Main()"}),
	}},
	{"dotnet without label", parseDotnet, "X\nat in foo", []exception{with(top, frame{"foo", 0, ""})}},
	{"dotnet ends with line", parseDotnet, "X\n at a in /x.cs:line", []exception{with(top, frame{"/x.cs", 0, "a"})}},
	{"go", parseGo, goTrace, []exception{
		with(top, frame{"/srv/cart.go", 17, "shop.(*Cart).Add(0xc000010000)"}, frame{"/srv/checkout.go", 120, "shop.Checkout(...)"}, frame{"/srv/main.go", 3, "main.main()"}),
	}},
	{"go position of the frame before", parseGo, "X\na()\n\t/a.go:1\nb()\n\tunknown\ngoroutine running2 [x]:\n:5 ::6 z:7", []exception{
		with(top, frame{"/a.go", 1, "a()"}, frame{"/a.go", 1, "b()"}, frame{"z", 7, "goroutine running2 [x]:"}),
	}},
}

func TestStacks(t *testing.T) {
	for _, test := range stackTests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parsed(t, test.parse, test.trace)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// fuzzStack holds that a parser neither panics nor writes what is no JSON.
func fuzzStack(f *testing.F, parsers ...parser) {
	for _, test := range stackTests {
		f.Add(test.trace)
	}
	f.Fuzz(func(t *testing.T, trace string) {
		for _, parse := range parsers {
			parsed(t, parse, trace)
		}
	})
}

func FuzzStackJava(f *testing.F)       { fuzzStack(f, parseJava) }
func FuzzStackPython(f *testing.F)     { fuzzStack(f, parsePython, parsePythonCauses) }
func FuzzStackJavaScript(f *testing.F) { fuzzStack(f, parseJavaScript, parseJavaScriptColons) }
func FuzzStackDotnet(f *testing.F)     { fuzzStack(f, parseDotnet) }
func FuzzStackGo(f *testing.F)         { fuzzStack(f, parseGo) }

func TestNumber(t *testing.T) {
	for _, s := range []string{"", "+", "-", "7", "+7", "-7", "0017", "cart.js", "1e3", "1_000", " 7", "99999999999999999999", "-99999999999999999999"} {
		want, _ := strconv.Atoi(s)
		if got := number(s); got != want {
			t.Errorf("number(%q) = %d, want %d", s, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { number("cart.js") }); n != 0 {
		t.Errorf("%v allocations for what is no number, want none", n)
	}
}
