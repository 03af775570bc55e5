package oracle

import (
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var allKinds = []struct {
	name string
	kind Part
}{
	{"unspecified", Unspecified}, {"internal", Internal}, {"server", Server},
	{"client", Client}, {"producer", Producer}, {"consumer", Consumer},
	{"unknown", Kind(ptrace.SpanKind(17))},
}

// eachKind makes a case for every kind, with and without parent.
func eachKind(name string, parts ...Part) []Case {
	var cases []Case
	for _, k := range allKinds {
		cases = append(cases,
			NewCase(name+", "+k.name, append([]Part{k.kind}, parts...)...),
			NewCase(name+", "+k.name+" without parent", append([]Part{k.kind, Root}, parts...)...))
	}
	return cases
}

var (
	someTrace = pcommon.TraceID{0x5e, 0xed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	someSpan  = pcommon.SpanID{9, 9, 9, 9, 1, 2, 3, 4}
)

// rich has something for each block of a document.
func rich(c *Case) {
	for _, part := range []Part{
		Resource("service.name", "shop", "service.version", "1.2", "cloud.provider", "aws", "cloud.platform", "aws_ecs",
			"cloud.account.id", "123456789012", "telemetry.sdk.language", "go", "telemetry.sdk.name", "opentelemetry"),
		Attributes("http.method", "GET", "http.url", "https://example.com/x?y=1", "http.status_code", 503,
			"db.system", "mysql", "db.name", "orders", "db.statement", "SELECT 1", "db.connection_string", "jdbc:mysql://db.example.com:3306",
			"aws.operation", "PutItem", "aws.account_id", "210987654321", "aws.region", "us-east-1", "aws.request_id", "r-1",
			"aws.queue_url", "https://sqs/q", "aws.table_name", "t1", "enduser.id", "user-7",
			"aws.remote.operation", "Op", "remoteTarget", "target", "K8s.RemoteNamespace", "ns", "custom", "value",
			"aws.xray.metadata.notes", `{"a":1,"otel.resource.kept":true}`),
		Link(someTrace, someSpan, "why", "batch"),
		Exception("E", "boom", "goroutine 1 [running]:\nmain.main()\n\t/app/main.go:10 +0x1d"),
	} {
		part(c)
	}
}

func dispatchCorpus() []Case {
	var cases []Case
	cases = append(cases, eachKind("bare")...)
	cases = append(cases, eachKind("rich", rich)...)
	cases = append(cases, eachKind("remote service", Attributes("aws.remote.service", "orders"))...)
	cases = append(cases, eachKind("local root", LocalRoot)...)
	cases = append(cases, eachKind("local root, rich", rich, LocalRoot)...)
	cases = append(cases, eachKind("local root, rich, indexed", rich, LocalRoot, IndexAll)...)
	cases = append(cases, eachKind("local root with services", LocalRoot,
		Attributes("aws.local.service", "cart", "aws.remote.service", "AWS.SDK.S3", "rpc.system", "aws-api"))...)
	cases = append(cases, eachKind("local root with empty services", LocalRoot,
		Attributes("aws.local.service", "", "aws.remote.service", ""), Resource("service.name", "shop"))...)
	cases = append(cases, eachKind("local root with services that are numbers", LocalRoot,
		Attributes("aws.local.service", 4, "aws.remote.service", 5), Resource("service.name", "shop"))...)
	cases = append(cases, eachKind("local root of a named service", LocalRoot, Resource("service.name", "shop"))...)
	cases = append(cases, eachKind("local root, the service has no name", LocalRoot, Resource("service.name", ""))...)
	cases = append(cases, eachKind("local root in progress", LocalRoot, Attributes("aws.xray.inprogress", true))...)
	cases = append(cases, eachKind("other span kind", Attributes("aws.span.kind", "SERVER"))...)
	return append(cases,
		NewCase("span kind that is a number", Client, Attributes("aws.span.kind", 3)),
		NewCase("local root, only metadata of the resource", Client, LocalRoot, Root, Resource("a", 1), Attributes("x", "y")),
		NewCase("local root, metadata all removed", Client, LocalRoot, Attributes("x", "y")),
		NewCase("local root, a namespace all removed", Client, LocalRoot, Attributes("aws.xray.metadata.n", `{"x":1}`)),
		NewCase("local root, empty and null namespaces", Consumer, LocalRoot,
			Attributes("aws.xray.metadata.n", `{}`, "aws.xray.metadata.m", `null`)),
		NewCase("local root, annotations lose what is removed", Client, LocalRoot, IndexAll,
			Attributes("aws.remote.operation", "o", "remoteTarget", "t", "K8s.RemoteNamespace", "k", "kept", 1)),
		NewCase("local root, indexed attribute that is removed", Client, LocalRoot, Index("aws.remote.operation"),
			Attributes("aws.remote.operation", "o")),
		NewCase("local root, removed attribute twice", Client, LocalRoot,
			Attributes("aws.remote.service", "a", Again("aws.remote.service"), "b", "remoteTarget", "x", Again("remoteTarget"), "y")),
		NewCase("local root consumer keeps its links in the service", Consumer, LocalRoot, Link(someTrace, someSpan)),
		NewCase("local root client keeps its links in the call", Client, LocalRoot, Link(someTrace, someSpan)),
		NewCase("local root with the cause of a message", Client, LocalRoot, Status(ptrace.StatusCodeError, "boom")),
	)
}

func identityCorpus() []Case {
	in := "aws.xray.inprogress"
	return append(eachKind("zero ids", IDs(pcommon.TraceID{}, pcommon.SpanID{}, pcommon.SpanID{})),
		NewCase("no attributes at all"),
		NewCase("old trace id", IDs(pcommon.TraceID{0, 0, 0, 1, 2}, someSpan, someSpan)),
		NewCase("future trace id", IDs(pcommon.TraceID{255, 255, 255, 255, 2}, someSpan, someSpan)),
		NewCase("zero times", Times(0, 0)),
		NewCase("no end", Times(1748832001000000000, 0)),
		NewCase("end before start", Times(1748832001000000000, 1748832000000000000)),
		NewCase("whole seconds", Times(1748832001000000000, 1748832002000000000)),
		NewCase("tiny times", Times(1, 900)),
		NewCase("huge times", Times(math.MaxUint64, math.MaxInt64)),
		NewCase("in progress", Attributes(in, true)),
		NewCase("in progress with others", Attributes("a", 1, in, true, "b", 2)),
		NewCase("not in progress", Attributes(in, false)),
		NewCase("in progress as text", Attributes(in, "true")),
		NewCase("in progress as number", Attributes(in, 1)),
		NewCase("in progress twice", Attributes(in, true, Again(in), false, "x", "y")),
		NewCase("in progress twice, then text", Attributes(in, true, Again(in), "x")),
		NewCase("in progress, text first", Attributes(in, "x", Again(in), true)),
		NewCase("in progress, indexed", Attributes(in, true), IndexAll),
		NewCase("in progress, listed", Attributes(in, true), Index(in)),
		NewCase("text in progress, listed", Attributes(in, "soon"), Index(in)),
	)
}

func linksCorpus() []Case {
	return append(eachKind("links", Link(someTrace, someSpan), Link(someTrace, someSpan, "a", 1, "b", []any{"x", 2.5, true, nil})),
		NewCase("link of zero ids", Link(pcommon.TraceID{}, pcommon.SpanID{})),
		NewCase("link with every type", Link(someTrace, someSpan, "s", "x", "i", 1, "f", 1.5, "b", true, "n", nil,
			"bytes", []byte{1, 2, 250}, "slice", []any{}, "map", map[string]any{"z": map[string]any{"y": []any{1}}})),
		NewCase("link with an old trace id", Link(pcommon.TraceID{0, 0, 0, 9}, someSpan)),
	)
}

func nameCorpus() []Case {
	set := func(pairs ...any) Part { return Attributes(pairs...) }
	named := Resource("service.name", "shop")
	var cases []Case
	for _, c := range []struct {
		name  string
		parts []Part
	}{
		{"local service", []Part{set("aws.local.service", "cart"), named}},
		{"empty local service", []Part{set("aws.local.service", ""), named}},
		{"remote service", []Part{set("aws.remote.service", "orders", "peer.service", "p")}},
		{"empty remote service", []Part{set("aws.remote.service", "", "peer.service", "p")}},
		{"remote service AWS.SDK. of no SDK", []Part{set("aws.remote.service", "AWS.SDK.S3")}},
		{"remote service AWS.SDK.", []Part{set("aws.remote.service", "AWS.SDK.S3", "rpc.system", "aws-api")}},
		{"remote service AWS::", []Part{set("aws.remote.service", "AWS::S3", "rpc.system", "aws-api")}},
		{"remote service AWS.SDK.AWS::", []Part{set("aws.remote.service", "AWS.SDK.AWS::S3", "rpc.system", "aws-api")}},
		{"remote service of prefix only", []Part{set("aws.remote.service", "AWS::", "rpc.system", "aws-api", "rpc.service", "S3")}},
		{"peer service", []Part{set("peer.service", "peer", "aws.service", "S3"), named}},
		{"peer service that is a number", []Part{set("peer.service", 7), named}},
		{"rpc.system aws-api", []Part{set("rpc.system", "aws-api", "rpc.service", "S3", "rpc.method", "GetObject"), named}},
		{"rpc.system grpc", []Part{set("rpc.system", "grpc", "rpc.service", "pkg.Svc", "rpc.method", "Get"), named}},
		{"aws.service", []Part{set("aws.service", "DynamoDB", "aws.operation", "Get"), named}},
		{"aws.service that is empty", []Part{set("aws.service", ""), named}},
		{"aws.service behind a peer", []Part{set("aws.service", "S3", "peer.service", "p"), named}},
		{"db.name", []Part{set("db.name", "orders"), named}},
		{"db.name at host", []Part{set("db.name", "orders", "db.connection_string", "mysql://db.example.com:3306/x"), named}},
		{"db.name at host by JDBC", []Part{set("db.name", "orders", "db.connection_string", "jdbc:mysql://u:p@db.example.com:3306"), named}},
		{"db.name at IPv6", []Part{set("db.name", "orders", "db.connection_string", "mysql://[::1]:3306/x"), named}},
		{"db.name at no host", []Part{set("db.name", "orders", "db.connection_string", "Server=db;Port=1"), named}},
		{"db.name at an URL that does not parse", []Part{set("db.name", "orders", "db.connection_string", "mysql://db:port/\x7f%zz"), named}},
		{"db.name at a host with escapes", []Part{set("db.name", "orders", "db.connection_string", "mysql://db%2e1/x"), named}},
		{"empty db.name with a host", []Part{set("db.name", "", "db.connection_string", "mysql://db/x"), named}},
		{"service name", []Part{named}},
		{"empty service name", []Part{Resource("service.name", "")}},
		{"rpc.service", []Part{set("rpc.service", "Svc", "http.host", "h")}},
		{"http.host", []Part{set("http.host", "h.example.com", "net.peer.name", "n")}},
		{"net.peer.name", []Part{set("net.peer.name", "n.example.com")}},
		{"server.address is no name", []Part{set("server.address", "s.example.com")}},
		{"names that are not sanitised", []Part{set("peer.service", "a,b;c*d?é")}},
	} {
		cases = append(cases, eachKind("name by "+c.name, append([]Part{Name("op")}, c.parts...)...)...)
	}
	for name, span := range map[string]string{
		"empty": "", "spaces": "  ", "of refused characters only": "*?;,", "with refused characters": "GET /a?b=c;d,e*{f}",
		"with allowed characters": `aZ09 _.:/%&#=+-@`, "with a backslash": `a\b`, "with Unicode letters": "größe 漢字 жук",
		"with Unicode numbers": "x²½Ⅷ٣", "with Unicode spaces": "a\u00a0b\u2003c", "with control characters": "a\tb\nc\x00d",
		"with invalid UTF-8": "a\xffb\xc3", "with U+FFFD": "a\ufffdb", "of 200 bytes": strings.Repeat("x", 200),
		"of 201 bytes": strings.Repeat("x", 201), "cut within a rune": strings.Repeat("x", 199) + "éé",
		"long with refused characters": strings.Repeat("x*", 250), "of HTML": "<a> & </a>", "of emoji": "a🎉b",
		"of combining marks": "e\u0301", "with line separators": "a\u2028b\u2029c",
	} {
		cases = append(cases, NewCase("span name "+name, Name(span)), NewCase("span name "+name+", client", Client, Name(span)))
	}
	return cases
}
