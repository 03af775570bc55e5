package oracle

// Stacks holds stack traces of each language as its SDK writes them.
var Stacks = map[string][]string{
	"java": {
		"java.lang.IllegalStateException: state is not legal\n" +
			"\tat io.opentelemetry.javaagent.Foo.bar(Foo.java:34)\n" +
			"\tat app//com.example.Shop.order(Shop.java:201)\n" +
			"\tat java.base/java.util.ArrayList.get(ArrayList.java:458)\n" +
			"\tat jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)\n" +
			"\tat com.example.Generated(Unknown Source)\n" +
			"\tat java.base@17.0.1/java.lang.Thread.run(Thread.java:833)\n",
		"java.lang.RuntimeException: outer\n" +
			"\tat com.example.Outer.run(Outer.java:10)\n" +
			"\t... 3 more\n" +
			"\tSuppressed: java.io.IOException: closing: failed\n" +
			"\t\tat com.example.Res.close(Res.java:5)\n" +
			"Caused by: java.sql.SQLException: no\nsuch table: x\n" +
			"\tat com.mysql.Driver.exec(Driver.java:77)\n" +
			"\t... 12 common frames omitted\n" +
			"Caused by: java.net.SocketException\n" +
			"\tat java.net.Socket.connect(Socket.java:1)\n",
		"E\r\n\tat a.b(C.java:1)\r\nCaused by: F: g\r\n\tat d.e(F.java:x)\r\n",
		"E: m\n\tat a.b(C.java)\n\tat (D.java:4)\n\tat nothing\n\tat x(\n\tat y)\n\tat p/q/r(S.java:1:2)\n\tat a(b)(c:9)\n\tat ()\n",
		"E: m\nCaused by: F: never framed\nand more\n",
		"E: m\nCaused by: F: \n\tat a.b(C.java:1)\nCaused by: G: \n",
	},
	"python": {
		"Traceback (most recent call last):\n" +
			"  File \"main.py\", line 14, in greet_many\n    greet(person)\n" +
			"  File \"main.py\", line 5, in greet\n    print(greeting + ', ' + who_to_greet(someone))\n" +
			"TypeError: can only concatenate str (not \"int\") to str\n",
		"Traceback (most recent call last):\n" +
			"  File \"/app/db.py\", line 8, in get\n    return d[k]\n" +
			"KeyError: 'id'\n\n" +
			"During handling of the above exception, another exception occurred:\n\n" +
			"Traceback (most recent call last):\n" +
			"  File \"/app/main.py\", line 30, in <module>\n    main()\n" +
			"  File \"/app/main.py\", line 22, in main\n    raise ValueError(\"bad\")\n" +
			"ValueError: bad\n",
		"Traceback (most recent call last):\n" +
			"  File \"a.py\", line 1, in f\n    g()\n" +
			"OSError: [Errno 2]\nsecond line: of the message\n\n" +
			"During handling of the above exception, another exception occurred:\n\n" +
			"Traceback (most recent call last):\n" +
			"  File \"b.py\", line 2, in h\n    i()\n" +
			"RuntimeError: x\n\n" +
			"During handling of the above exception, another exception occurred:\n\n" +
			"Traceback (most recent call last):\n" +
			"  File \"c.py\", line 3, in k\n    l()\n" +
			"LastError: y\n",
		"Traceback (most recent call last):\n  File \"x,y.py\", line 3, in f\n  File \"a.py\", line z, in f\n  File \"a.py\", at 3, on f\n  File \"a.py\"\nE: m",
		"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 1\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"b.py\", line 2, in h\n    i()\nValueError: 2\n",
		"During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\nE: m\n",
		"  File \"a.py\", line 1, in f\n    g()\nNoColonError\n\nDuring handling of the above exception, another exception occurred:\n\nE: m\n",
	},
	"javascript": {
		"TypeError: Cannot read property 'value' of null\n" +
			"    at speedy (/home/gbusey/file.js:6:11)\n" +
			"    at makeFaster (/home/gbusey/file.js:5:3)\n" +
			"    at Object.<anonymous> (/home/gbusey/file.js:10:1)\n" +
			"    at node.js:906:3\n" +
			"    at Array.forEach (native)\n    at native\n" +
			"    at async Promise.all (index 0)\n" +
			"    at new Foo (node:internal/modules/cjs/loader:1101:14)\n" +
			"    at file:///app/index.mjs:3:7\n    at https://example.com/app.js:1:2\n    at C:\\app\\x.js:4:5\n",
		"Error\n    at \n    at  \n    at (\n    at ()\n    at x (y\n    at f (a:b:c)\n    at f (a:1)\n    at g (:5:)\n    at eval (eval at f (x.js:1:2), <anonymous>:3:4)\n",
		"Error: m\r\n    at f (x.js:1:2)\r\n",
	},
	"dotnet": {
		"System.FormatException: Input string was not in a correct format.\r\n" +
			"\tat System.Number.ThrowOverflowOrFormatException(ParsingStatus status, TypeCode type)\r\n" +
			"\tat integration_test_app.Controllers.AppController.OutgoingHttp() in /Users/bh/x/AppController.cs:line 21\r\n" +
			"   at Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor.Execute(Object o)\r\n" +
			"--- End of stack trace from previous location ---\r\n" +
			"   at A.B[T](T t) in C:\\x\\y.cs:line 7\r\n",
		"E: m\n   at Foo.Bar\n   at Foo in x.cs\n   at Foo() in x.cs:12\n   at Foo() in x.cs:lines 12\n   at a in b in c:line 3\nat Foo()\n   at )\n   at (\n",
		"E ---> F: inner\n   at F.G() in /f.cs:line 1\n   --- End of inner exception stack trace ---\n   at E.H() in /e.cs:line 2\n",
	},
	"go": {
		"oh no\ngoroutine 1 [running]:\nmain.fail(0x1, {0xc000012345, 0x5})\n\t/app/main.go:42 +0x1d\nmain.main()\n\t/app/main.go:10 +0x20\nexit status 2\n",
		"goroutine 11 [running]:\ngo.opentelemetry.io/otel/sdk/trace.recordStackTrace(0xc0000a2230, 0x2)\n\totel-go-core/opentelemetry-go/sdk/trace/span.go:323 +0x9b\n" +
			"go.opentelemetry.io/otel/sdk/trace.(*span).RecordError(0xc0003a6000, 0x14a5f00, 0xc00038c000)\n\totel-go-core/opentelemetry-go/sdk/trace/span.go:302 +0x3fc\n" +
			"created by testing.(*T).Run in goroutine 1\n\t/usr/local/go/src/testing/testing.go:1168 +0x2bc\n",
		"panic: x [recovered]\n\ngoroutine 1 [running, locked to thread]:\nmain.f\n\tnowhere\ngoroutine 2 [running]:\n",
		"m\n\n\n\n",
		"m\nf()\n\tC:/x y/main.go:99999999999999999999 +0x1\ng()\n\th\ni()",
		"m\r\nf()\r\n\t/a.go:1\r\n",
	},
	"nodejs":  {"Error: m\n    at f (/a/b.js:1:2)\n"},
	"webjs":   {"Error: m\n    at f (https://x/b.js:1:2)\n"},
	"ruby":    {"app.rb:3:in `f': m (RuntimeError)\n\tfrom app.rb:7:in `main'\n"},
	"rust":    {"   0: std::panicking\n             at ./src/main.rs:4:5\n"},
	"cpp":     {"#0 0x1 in f () at a.cc:1\n"},
	"swift":   {"0  App  0x1 main + 4\n"},
	"erlang":  {"  in f/1 (a.erl:1)\n"},
	"unknown": {"x"},
	"":        {"\tat a.b(C.java:1)\n"},
}

func init() { Stacks["php"] = Stacks["java"] }

// Crashes holds, by language, the stacks that make contrib's exporter panic.
var Crashes = map[string]map[string]string{
	"java": {
		"cause that ends with a colon": "E: m\n\tat a.b(C.java:1)\nCaused by: X:\n",
		"cause of a colon":             "E: m\nCaused by: :",
	},
	"php": {"cause that ends with a colon": "E: m\n\tat a.b(C.java:1)\nCaused by: X:\n"},
	"python": {
		"cause that ends with a colon": "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError:\n\n" +
			"During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n" +
			"  File \"b.py\", line 2, in h\n    i()\nE: m\n",
		"no message":       "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nDuring handling of the above exception, another exception occurred:\n\nE: m\n",
		"file without end": "Traceback (most recent call last):\n  File ,a,b\nE: m\n",
	},
	"dotnet": {
		"label of nothing": "E: m\n   at in foo\n",
		"line of nothing":  "E: m\n   at A.B() in /x.cs:line\n",
	},
}
