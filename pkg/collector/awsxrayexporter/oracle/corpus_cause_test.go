package oracle

import (
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

func causeCorpus() []Case {
	var cases []Case
	for _, k := range allKinds {
		for language, stacks := range Stacks {
			for i, stack := range stacks {
				cases = append(cases, NewCase(fmt.Sprintf("stack %s %d, %s", language, i, k.name), k.kind, Language(language), Exception("T", "m", stack)))
			}
		}
	}
	for language := range Stacks {
		for _, stack := range []string{"", "\n", "\n\n", "x", "x\n", "x\ny", "\r\n\r\n", "x\n\ty\n", "x\n" + strings.Repeat("\tat a.b(C.java:1)\n", 40),
			"x\n" + strings.Repeat("y", 5000) + "\n\tz.go:1\n", "x\n\tat \xff(\xfe:1)\n  File \"\xff\", line 1, in \xff\nE"} {
			cases = append(cases, NewCase(fmt.Sprintf("stack %s %.10q", language, stack), Language(language), Exception("T", "m", stack)))
		}
	}
	size := 64
	for _, events := range [][]Part{
		{Exception("A", "a", ""), Exception("B", "b", Stacks["java"][1]), Event("other", "x", 1), Exception("C", "c", Stacks["java"][0])},
		{Event("other", "x", 1)},
		{Event("exception")},
		{Event("exception", "exception.type", 4, "exception.message", 5, "exception.stacktrace", []any{1})},
		{Event("exception", "exception.message", "<m> \xff \u2028")},
		{Event("exception", "exception.type", "T", "exception.escaped", true, "extra", "lost")},
		{Event("Exception", "exception.type", "T")},
	} {
		for _, status := range []Part{Status(ptrace.StatusCodeUnset, ""), Status(ptrace.StatusCodeOk, "fine"), Status(ptrace.StatusCodeError, "boom"), Failed} {
			cases = append(cases, NewCase("events", append(append([]Part{Client, Language("java")}, events...), status)...))
		}
	}
	failure := func(pairs ...any) Part { return Event("HTTP request failure", pairs...) }
	sdk := Attributes("rpc.system", "aws-api")
	code, message := "http.response.status_code", "aws.http.error_message"
	for name, parts := range map[string][]Part{
		"failure":                     {sdk, failure(code, 500, message, "oops")},
		"failure of text":             {sdk, failure(code, "503", message, "oops")},
		"failure of float":            {sdk, failure(code, 503.5, message, 7)},
		"failure of map":              {sdk, failure(code, map[string]any{"a": 1}, message, "m")},
		"failure of nothing":          {sdk, failure(code, nil, message, "m")},
		"failure without message":     {sdk, failure(code, 500)},
		"failure without code":        {sdk, failure(message, "m")},
		"failure of no SDK":           {failure(code, 500, message, "m")},
		"failures and an exception":   {sdk, failure(code, 500, message, "m"), Exception("E", "m", ""), failure(code, 429, message, "n")},
		"failure of SDK and status":   {sdk, failure(code, 500, message, "m"), Status(ptrace.StatusCodeError, "s")},
		"failure unusable and status": {sdk, failure(), Status(ptrace.StatusCodeError, "s")},
		"failure at the epoch": {sdk, failure(code, 500, message, "m"), func(c *Case) {
			c.Span.Events().At(0).SetTimestamp(0)
		}},
		"failure late": {sdk, failure(code, 500, message, "m"), func(c *Case) {
			c.Span.Events().At(0).SetTimestamp(math.MaxUint64)
		}},
		"failure to the nanosecond": {sdk, failure(code, 500, message, "m"), func(c *Case) {
			c.Span.Events().At(0).SetTimestamp(1748832001999999999)
		}},
	} {
		cases = append(cases, NewCase(name, append([]Part{Client}, parts...)...), NewCase(name+", server", append([]Part{Server}, parts...)...))
	}
	for _, status := range []Part{Status(ptrace.StatusCodeError, "boom"), Failed, Status(ptrace.StatusCodeOk, "boom"), Status(ptrace.StatusCodeUnset, "boom"), Status(ptrace.StatusCodeError, "<\xff>")} {
		for _, text := range []any{"Not Found", "", 4, nil} {
			cases = append(cases, NewCase(fmt.Sprintf("status text %v", text), Client, status, Attributes("http.status_text", text)),
				NewCase(fmt.Sprintf("status text %v, all indexed", text), Client, status, IndexAll, Attributes("http.status_text", text)))
		}
		cases = append(cases, NewCase("status alone", Client, status),
			NewCase("status text twice", Client, status, Attributes("http.status_text", "a", Again("http.status_text"), "b")))
	}
	many := []Part{Language("go")}
	for range size {
		many = append(many, Exception("T", "m", Stacks["go"][0]))
	}
	return append(cases, NewCase("many exceptions", many...), NewCase("language twice", Resource("telemetry.sdk.language", "java", Again("telemetry.sdk.language"), "go"),
		Exception("T", "m", Stacks["java"][0])))
}

// lostCorpus holds what contrib's exporter has no document for, or none that
// X-Ray takes.
func lostCorpus() map[Class][]Case {
	lost := map[Class][]Case{}
	add := func(class Class, name string, parts ...Part) {
		lost[class] = append(lost[class], NewCase(name, parts...))
	}
	for language, stacks := range Crashes {
		for name, stack := range stacks {
			add(Panics, language+" "+name, Language(language), Exception("T", "m", stack))
			add(Panics, language+" "+name+", local root", Client, LocalRoot, Language(language), Exception("T", "m", stack))
		}
	}
	for _, provider := range []string{"gcp", "azure"} {
		for _, kind := range []Part{Client, Producer, Consumer, Unspecified} {
			add(Panics, "local root on "+provider, kind, LocalRoot, Resource("cloud.provider", provider))
		}
		add(Panics, "local root on "+provider+", name that X-Ray refuses", Client, LocalRoot, Resource("cloud.provider", provider, "service.name", "a,b"))
		add(Panics, "local root on "+provider+", no name", Client, LocalRoot, Resource("cloud.provider", provider, "service.name", ""), Attributes("aws.remote.service", ""))
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, k := range []Part{Server, Client} {
			add(Drops, fmt.Sprintf("attribute %v", f), k, Attributes("x", f))
			add(Drops, fmt.Sprintf("attribute %v in a map", f), k, Attributes("x", map[string]any{"y": []any{f}}))
			add(Drops, fmt.Sprintf("attribute %v indexed", f), k, IndexAll, Attributes("x", f))
			add(Drops, fmt.Sprintf("link's attribute %v", f), k, Link(someTrace, someSpan, "x", f))
			add(Drops, fmt.Sprintf("attribute %v, local root", f), k, LocalRoot, Attributes("x", f))
		}
		add(Drops, fmt.Sprintf("resource's attribute %v", f), Server, Resource("x", f))
		add(Drops, fmt.Sprintf("resource's attribute %v, local root and no name", f), Unspecified, Root, LocalRoot, Resource("x", f), Name(""),
			Attributes("aws.remote.service", 500))
		add(Drops, fmt.Sprintf("resource's attribute %v, local root client and no name", f), Client, Root, LocalRoot, Resource("x", f),
			Attributes("aws.remote.service", ""))
		add(Drops, fmt.Sprintf("attribute %v and a name that X-Ray refuses", f), Client, Attributes("x", f, "peer.service", "a,b;c"))
		add(Drops, fmt.Sprintf("attribute %v and a long name", f), Client, Attributes("x", f, "peer.service", strings.Repeat("é", 300)))
		add(Drops, fmt.Sprintf("attribute %v and empty local service", f), Client, LocalRoot, Attributes("x", f, "aws.local.service", "", "aws.remote.service", ""))
		add(Drops, fmt.Sprintf("attribute %v and no time", f), Client, Times(0, 0), Attributes("x", f))
	}
	long := strings.Repeat("SELECT <x> FROM y; ", 5000)
	add(TooLarge, "statement", Client, Attributes("db.system", "mysql", "db.statement", long))
	add(TooLarge, "metadata", Server, Attributes("text", long, "other", "x"))
	add(TooLarge, "metadata of the resource", Server, Resource("text", long))
	add(TooLarge, "annotation", Client, IndexAll, Attributes("text", long))
	add(TooLarge, "url", Client, Attributes("http.url", "https://x/"+long))
	add(TooLarge, "name", Client, Attributes("peer.service", strings.Repeat("name ", 20000)))
	add(TooLarge, "name that X-Ray refuses", Client, Attributes("peer.service", long))
	add(TooLarge, "user", Client, Attributes("enduser.id", long))
	add(TooLarge, "message", Client, Status(ptrace.StatusCodeError, long))
	add(TooLarge, "stack", Client, Language("java"), Exception("T", long, "E\n"+strings.Repeat("\tat a.b(C.java:1)\n", 5000)))
	add(TooLarge, "local root", Client, LocalRoot, Attributes("text", long), Resource("service.name", "s"))
	add(TooLarge, "links", Client, func(c *Case) {
		for range 1200 {
			Link(someTrace, someSpan, "why", "none")(c)
		}
	})
	add(TooLarge, "attributes", Client, func(c *Case) {
		for i := range 6000 {
			Attributes(fmt.Sprintf("k%d", i), i)(c)
		}
	})
	add(TooLarge, "annotations", Client, IndexAll, func(c *Case) {
		for i := range 6000 {
			Attributes(fmt.Sprintf("k%d", i), i)(c)
		}
	})
	add(TooLarge, "exceptions", Client, func(c *Case) {
		for range 900 {
			Exception("some type", "some message", "")(c)
		}
	})
	add(TooLarge, "table names", Client, Attributes("aws.dynamodb.table_names", func() []any {
		var names []any
		for i := range 6000 {
			names = append(names, fmt.Sprintf("table%d", i))
		}
		return names
	}()))
	add(TooLarge, "log groups", Client, Resource("aws.log.group.names", strings.Repeat("group&", 6000)))
	var nested any = "leaf"
	for range 12000 {
		nested = []any{nested}
	}
	add(TooLarge, "deeply nested", Client, Attributes("k", nested, "text", long))
	return lost
}
