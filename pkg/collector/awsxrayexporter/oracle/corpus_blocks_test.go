package oracle

import (
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

func httpCorpus() []Case {
	var cases []Case
	both := func(name string, parts ...Part) {
		cases = append(cases, NewCase("http "+name+", client", append([]Part{Client}, parts...)...),
			NewCase("http "+name+", server", append([]Part{Server}, parts...)...))
	}
	// Each known key alone, and with a method, as text, number and nothing.
	for _, key := range []string{
		"http.method", "http.request.method", "http.client_ip", "http.user_agent", "user_agent.original", "http.status_code",
		"http.response.status_code", "http.url", "url.full", "http.scheme", "url.scheme", "http.host", "http.target",
		"http.server_name", "net.host.port", "host.name", "net.host.name", "net.peer.name", "net.peer.port", "net.peer.ip",
		"network.peer.address", "network.peer.port", "client.address", "client.port", "url.path", "url.query", "server.address", "server.port",
		"http.route", "http.flavor", "network.protocol.name", "http.request_content_length", "http.response_content_length",
		"http.request.method_original", "url.template", "message.type", "messaging.message_payload_size_bytes",
	} {
		for _, v := range []any{"text", "192.0.2.7", "", 443, nil, 2.5, true} {
			both(fmt.Sprintf("%s=%#v", key, v), Attributes(key, v))
			both(fmt.Sprintf("%s=%#v with method", key, v), Attributes("http.method", "GET", key, v))
		}
		both(key+" twice", Attributes("http.method", "GET", key, "first", Again(key), "second"))
	}
	for _, pair := range [][2]string{
		{"http.method", "http.request.method"}, {"http.user_agent", "user_agent.original"}, {"http.status_code", "http.response.status_code"},
		{"http.url", "url.full"}, {"http.scheme", "url.scheme"},
	} {
		both("old then new "+pair[0], Attributes(pair[0], "old", pair[1], "new"))
		both("new then old "+pair[0], Attributes(pair[1], "new", pair[0], "old"))
		both("numbers, old then new "+pair[0], Attributes(pair[0], 404, pair[1], 500))
		both("numbers, new then old "+pair[0], Attributes(pair[1], 404, pair[0], 500))
	}
	m := []any{"http.method", "GET"}
	for _, c := range []struct {
		name  string
		pairs []any
	}{
		{"full url", []any{"http.url", "https://user:pw@example.com:8443/a/b?c=d&e=<f>"}},
		{"scheme host target", []any{"http.scheme", "https", "http.host", "example.com", "http.target", "/a?b=1"}},
		{"empty scheme", []any{"http.scheme", "", "http.host", "example.com", "http.target", "/a"}},
		{"no scheme", []any{"http.host", "example.com:81", "http.target", "/a"}},
		{"host and port 80", []any{"net.peer.name", "h", "net.peer.port", 80, "net.host.name", "s", "net.host.port", 80, "http.target", "/"}},
		{"host and port 443 of https", []any{"http.scheme", "https", "net.peer.name", "h", "net.peer.port", 443, "net.host.name", "s", "net.host.port", 443}},
		{"host and port 443 of http", []any{"http.scheme", "http", "net.peer.name", "h", "net.peer.port", 443, "net.host.name", "s", "net.host.port", 443}},
		{"host and port 80 of https", []any{"http.scheme", "https", "net.peer.name", "h", "net.peer.port", 80, "net.host.name", "s", "net.host.port", 80}},
		{"host and port as text", []any{"net.peer.name", "h", "net.peer.port", "8080", "net.host.name", "s", "net.host.port", "8080"}},
		{"host and negative port", []any{"net.peer.name", "h", "net.peer.port", -1, "net.host.name", "s", "net.host.port", -1}},
		{"host and port that is a float", []any{"net.peer.name", "h", "net.peer.port", 80.5, "net.host.name", "s", "net.host.port", 80.5}},
		{"http.host and port", []any{"http.host", "example.com", "net.peer.port", 8080, "net.host.port", 8081}},
		{"http.host that is empty", []any{"http.host", "", "net.peer.name", "h", "net.peer.port", 8080, "net.host.name", "s", "net.host.port", 8081}},
		{"server name", []any{"http.server_name", "sn", "net.host.name", "nh", "host.name", "hn", "server.address", "sa", "net.host.port", 81}},
		{"net.host.name", []any{"net.host.name", "nh", "host.name", "hn", "server.address", "sa", "net.host.port", "82"}},
		{"host.name", []any{"host.name", "hn", "server.address", "sa", "server.port", 83}},
		{"server.address", []any{"server.address", "sa", "server.port", 84, "url.path", "/p", "url.query", "q=1"}},
		{"server.address and port as text", []any{"server.address", "sa", "server.port", "84", "net.host.port", ""}},
		{"server.port without address", []any{"server.port", 84, "url.path", "/p"}},
		{"peer ip", []any{"net.peer.ip", "10.1.2.3", "net.peer.port", 8080, "http.target", "/t"}},
		{"peer name over ip", []any{"net.peer.name", "h", "net.peer.ip", "10.1.2.3"}},
		{"client ip", []any{"http.client_ip", "203.0.113.1"}},
		{"client ip then peer", []any{"http.client_ip", "203.0.113.1", "net.peer.ip", "10.0.0.1"}},
		{"peer then client ip", []any{"net.peer.ip", "10.0.0.1", "http.client_ip", "203.0.113.1"}},
		{"client.address", []any{"client.address", "203.0.113.1"}},
		{"client.address over peer", []any{"net.peer.ip", "10.0.0.1", "client.address", "2001:db8::1"}},
		{"client.address then peer", []any{"client.address", "2001:db8::1", "network.peer.address", "10.0.0.1"}},
		{"client.address that is a name", []any{"client.address", "client.example.com"}},
		{"network.peer.address that is a path", []any{"network.peer.address", "/var/run/x.sock"}},
		{"network.peer.address", []any{"network.peer.address", "10.0.0.1", "network.peer.port", 99}},
		{"IPv4 within IPv6", []any{"client.address", "::ffff:10.0.0.1"}},
		{"IPv6 with a zone", []any{"client.address", "fe80::1%eth0", "network.peer.address", "fe80::1%eth0"}},
		{"url.path without query", []any{"url.path", "/p", "server.address", "s"}},
		{"url.query without path", []any{"url.query", "a=b", "server.address", "s"}},
		{"empty url.query", []any{"url.path", "/p", "url.query", "", "server.address", "s"}},
		{"empty url.path", []any{"url.path", "", "url.query", "a", "http.host", "h"}},
		{"target over path", []any{"http.target", "/t", "url.path", "/p", "url.query", "a", "http.host", "h"}},
		{"empty target", []any{"http.target", "", "url.path", "/p", "http.host", "h"}},
		{"full stable", []any{"http.request.method", "POST", "url.full", "https://x/y", "server.address", "x", "server.port", 443,
			"http.response.status_code", 200, "user_agent.original", "curl", "network.peer.address", "192.0.2.1", "url.scheme", "https"}},
		{"stable server", []any{"http.request.method", "POST", "url.scheme", "https", "url.path", "/y", "url.query", "z=1", "server.address", "x",
			"server.port", 8443, "client.address", "198.51.100.9", "http.route", "/y"}},
		{"empty full url", []any{"http.url", "", "http.host", "h"}},
		{"full url that is a number", []any{"http.url", 4, "http.host", "h"}},
	} {
		both(c.name, Attributes(c.pairs...))
		both(c.name+" with method", Attributes(append(append([]any{}, m...), c.pairs...)...))
	}
	size, typ := "messaging.message_payload_size_bytes", "message.type"
	return append(cases,
		NewCase("content length of the span", Client, Attributes("http.method", "GET", typ, "RECEIVED", size, 77)),
		NewCase("content length sent", Client, Attributes("http.method", "GET", typ, "SENT", size, 77)),
		NewCase("content length of an event", Client, Attributes("http.method", "GET"), Event("message", typ, "SENT", size, 3),
			Event("message", typ, "RECEIVED", size, 0), Event("message", typ, "RECEIVED", size, 42), Event("message", typ, "RECEIVED", size, 43)),
		NewCase("content length as text", Client, Attributes("http.method", "GET"), Event("message", typ, "RECEIVED", size, "42")),
		NewCase("status of text", Client, Attributes("http.status_code", "500")),
		NewCase("status huge", Client, Attributes("http.status_code", math.MaxInt64)),
	)
}

func awsCorpus() []Case {
	var cases []Case
	add := func(name string, parts ...Part) {
		for _, k := range []Part{Server, Client} {
			cases = append(cases, NewCase("aws "+name, append([]Part{k}, parts...)...))
		}
	}
	for i := range resources {
		for _, k := range allKinds {
			cases = append(cases, NewCase(fmt.Sprintf("resource %s, %s", resources[i].name, k.name), k.kind, resources[i].part))
		}
	}
	for _, provider := range []any{"aws", "gcp", "azure", "", 5, nil, "AWS"} {
		for _, platform := range []any{"aws_ec2", "aws_ecs", "aws_eks", "aws_elastic_beanstalk", "aws_app_runner", "aws_lambda", "gcp_cloud_run", "", 7} {
			add(fmt.Sprintf("provider %#v, platform %#v", provider, platform),
				Resource("cloud.provider", provider, "cloud.platform", platform), Attributes("aws.region", "r"))
		}
	}
	for _, platform := range []any{"aws_ec2", "aws_ecs", "aws_eks", "aws_elastic_beanstalk"} {
		add(fmt.Sprintf("platform %s without provider", platform), Resource("cloud.platform", platform))
	}
	for _, launch := range []any{"ec2", "fargate", "FARGATE", "external", "", 1} {
		add(fmt.Sprintf("ECS launch type %#v", launch), Resource("cloud.platform", "aws_ecs", "aws.ecs.launchtype", launch))
	}
	for _, key := range []string{"aws.log.group.names", "aws.log.group.arns"} {
		for _, v := range []any{
			"one", "one&two&&three", "&", "", []any{}, []any{"a"}, []any{"a", "b", ""}, []any{"a", 4, nil}, 7, nil, true,
			"arn:aws:logs:us-east-1:1:log-group:g1:*", []any{"arn:aws:logs:us-east-1:1:log-group:g1:*", "arn:a:b", "a:b:c:d:e:f:g", "a:b:c:d:e:f:"},
		} {
			add(fmt.Sprintf("%s %v", key, v), Resource(key, v))
			add(fmt.Sprintf("%s %v, configured", key, v), Resource(key, v), LogGroups("c1", "c2"))
		}
	}
	add("log groups of names and ARNs", Resource("aws.log.group.names", "n", "aws.log.group.arns", "a"))
	add("log groups configured", LogGroups("c1", ""))
	add("log groups configured, none", LogGroups())
	add("log groups configured, another cloud", LogGroups("c1"), Resource("cloud.provider", "gcp"))
	for _, id := range []any{"12", "x", "", "-3", "99999999999999999999", 12, "+7", "0x10", "1_0"} {
		add(fmt.Sprintf("Beanstalk deployment %#v", id), Resource("cloud.platform", "aws_elastic_beanstalk", "service.instance.id", id,
			"service.namespace", "env", "service.version", "v1"))
	}
	add("Beanstalk without the rest", Resource("cloud.platform", "aws_elastic_beanstalk", "service.instance.id", "1"))
	add("host.id elsewhere", Resource("cloud.platform", "aws_ecs", "host.id", "i-1"))
	add("EC2 without the rest", Resource("cloud.platform", "aws_ec2"))
	add("cluster elsewhere", Resource("k8s.cluster.name", "c", "k8s.pod.name", "p", "k8s.pod.uid", "u", "container.id", "i"))
	add("EKS without the rest", Resource("cloud.platform", "aws_eks"))
	add("container.name twice", Resource("cloud.platform", "aws_ecs", "container.name", "", Again("container.name"), "b", Again(Again("container.name")), "c"))
	add("keys of the resource twice", Resource("cloud.provider", "gcp", Again("cloud.provider"), "aws", "cloud.platform", "aws_ec2",
		Again("cloud.platform"), "aws_ecs", "service.name", "a", Again("service.name"), "b", "service.version", "1", Again("service.version"), "2"))
	for _, sdk := range [][3]any{{"o", "go", "1"}, {"o", "", "1"}, {"", "go", "1"}, {"", "", ""}, {1, "go", 2}} {
		add(fmt.Sprintf("SDK %v", sdk), Resource("telemetry.sdk.name", sdk[0], "telemetry.sdk.language", sdk[1], "telemetry.sdk.version", sdk[2]))
	}
	for _, key := range []string{"telemetry.auto.version", "telemetry.distro.version"} {
		for _, v := range []any{"1.0", "", 1} {
			add(fmt.Sprintf("%s %#v", key, v), Resource(key, v))
		}
	}
	add("auto then distro", Resource("telemetry.auto.version", "1", "telemetry.distro.version", ""))
	add("distro then auto", Resource("telemetry.distro.version", "", "telemetry.auto.version", "1"))
	for _, key := range []string{
		"rpc.method", "aws.operation", "aws.account_id", "aws.region", "aws.request_id", "aws.requestId", "aws.queue_url", "aws.queue.url",
		"aws.table_name", "aws.table.name", "messaging.url", "aws.dynamodb.table_names",
	} {
		for _, v := range []any{"text", "", 4, nil, []any{}, []any{"a"}, []any{"a", "b", 3, ""}, []any{5}, true} {
			add(fmt.Sprintf("%s %#v", key, v), Attributes(key, v), Resource("cloud.account.id", "1"))
			add(fmt.Sprintf("%s %#v, another cloud", key, v), Attributes(key, v), Resource("cloud.provider", "gcp"))
		}
		add(key+" twice", Attributes(key, "a", Again(key), "b"))
	}
	for _, a := range aliases {
		add("alias "+a.a, Attributes(a.a, "x", a.b, "y"))
		add("alias with empty "+a.a, Attributes(a.a, "x", a.b, ""))
		add("alias with text of a number "+a.a, Attributes(a.a, 1, a.b, "y"))
	}
	add("operation over method", Attributes("aws.operation", "", "rpc.method", "M"))
	add("queue and messaging.url", Attributes("aws.queue_url", "q", "messaging.url", "m"))
	add("queue and empty messaging.url", Attributes("aws.queue_url", "q", "messaging.url", ""))
	add("tables over table", Attributes("aws.table_name", "t", "aws.dynamodb.table_names", []any{"a", "b"}))
	add("one table over table", Attributes("aws.table_name", "t", "aws.dynamodb.table_names", []any{"a"}))
	add("no tables and table", Attributes("aws.table_name", "t", "aws.dynamodb.table_names", []any{}))
	return cases
}

func serviceSQLCorpus() []Case {
	var cases []Case
	for _, r := range []Part{
		Resource("service.version", "1"), Resource("service.version", ""), Resource("service.version", 1), Resource("service.version", nil),
		Resource("container.image.tag", "t"), Resource("container.image.tag", ""), Resource("container.image.tags", []any{"a", "b"}),
		Resource("container.image.tags", []any{}), Resource("container.image.tags", []any{1}), Resource("container.image.tags", "a"),
		Resource("container.image.tags", []any{}, "container.image.tag", "t"), Resource("container.image.tags", "x", "container.image.tag", "t"),
		Resource("service.version", "1", "container.image.tag", "t", "container.image.tags", []any{"a"}),
	} {
		cases = append(cases, NewCase("service", Server, r), NewCase("service of a client", Client, r))
	}
	for _, system := range []any{
		"db2", "derby", "hive", "mariadb", "mssql", "mysql", "oracle", "postgresql", "sqlite", "teradata", "other_sql",
		"MySQL", "redis", "mongodb", "dynamodb", "microsoft.sql_server", "cockroachdb", "h2", "redshift", "", 3, nil, "sybase",
	} {
		cases = append(cases,
			NewCase(fmt.Sprintf("sql %v", system), Client, Name("SELECT shop"), Attributes("db.system", system, "db.name", "shop", "db.statement", "SELECT 1 < 2",
				"db.user", "u", "db.connection_string", "mysql://h:1", "db.operation", "SELECT", "db.sql.table", "t")),
			NewCase(fmt.Sprintf("sql %v alone", system), Client, Name(""), Attributes("db.system", system)))
	}
	for _, key := range []string{"db.name", "db.statement", "db.user", "db.connection_string"} {
		for _, v := range []any{"", 4, nil} {
			cases = append(cases, NewCase(fmt.Sprintf("sql with %s %v", key, v), Client, Attributes("db.system", "mysql", key, v)))
		}
		cases = append(cases, NewCase("sql with "+key+" twice", Client, Attributes("db.system", "mysql", key, "a", Again(key), "b")),
			NewCase("no sql with "+key, Client, Attributes(key, "a")))
	}
	return append(cases,
		NewCase("sql system twice", Client, Attributes("db.system", "mysql", Again("db.system"), "redis", "db.name", "x")),
		NewCase("sql of a server", Server, Attributes("db.system", "mysql", "db.name", "x")),
		NewCase("sql, stable names", Client, Attributes("db.system.name", "postgresql", "db.namespace", "n", "db.query.text", "q", "server.address", "h")),
		NewCase("sql, key twice for both conventions", Client, Attributes("db.system", "mysql", "db.system.name", "mysql", "db.name", "a", "db.namespace", "b")),
	)
}

func attributesCorpus() []Case {
	values := map[string]any{
		"text": "x", "empty text": "", "integer": 42, "large integer": int64(math.MaxInt64), "small integer": int64(math.MinInt64),
		"odd integer": int64(9007199254740993), "float": 1.5, "whole float": 5.0, "large float": 1e21, "larger float": 1.7e308, "small float": 1e-7,
		"smallest float": math.SmallestNonzeroFloat64, "negative zero": math.Copysign(0, -1), "float32-like": 0.1, "true": true, "false": false,
		"nothing": nil, "bytes": []byte{0, 1, 255}, "no bytes": []byte{}, "slice": []any{"a", 1, 2.5, true, nil, []byte{1}, []any{1}},
		"empty slice": []any{}, "map": map[string]any{"b": 1, "a": map[string]any{"c": []any{}}, "": nil}, "empty map": map[string]any{},
		"HTML": "<script>&amp;</script>", "controls": "\x00\x01\b\f\n\r\t\x1f\x7f", "separators": "\u2028\u2029", "quotes": `"\/`,
		"invalid UTF-8": "a\xff\xc3\x28\xed\xa0\x80z", "emoji": "🎉é漢", "long": strings.Repeat("long ", 500),
	}
	parts := map[string]Part{
		"as metadata": func(*Case) {}, "all indexed": IndexAll, "indexed": Index("key", "otel.resource.key", "enduser.id"),
		"by attribute": Attributes("aws.xray.annotations", []any{"key", "otel.resource.key", 3, nil}),
	}
	var cases []Case
	for how, part := range parts {
		for name, v := range values {
			cases = append(cases,
				NewCase("attribute "+name+" "+how, Attributes("key", v), part),
				NewCase("resource attribute "+name+" "+how, Server, Resource("key", v), part),
				NewCase("resource attribute "+name+" of a subsegment "+how, Resource("key", v), part),
				NewCase("user "+name+" "+how, Server, Attributes("enduser.id", v), part),
				NewCase("namespace "+name+" "+how, Attributes("aws.xray.metadata.n", v), part),
				NewCase("annotations "+name+" "+how, part, Attributes("aws.xray.annotations", v, "key", 1)))
		}
	}
	for name, key := range map[string]string{
		"empty": "", "dots": "a.b.c", "dashes": "a-b c/d", "Unicode": "größe", "invalid UTF-8": "a\xffb", "HTML": "<k>", "quotes": `"k"`, "resource": "otel.resource.x",
		"long": strings.Repeat("k", 600), "emoji": "🎉",
	} {
		cases = append(cases,
			NewCase("key "+name, Attributes(key, "v"), Resource(key, "v"), Server),
			NewCase("key "+name+" all indexed", Attributes(key, "v"), Resource(key, "v"), Server, IndexAll),
			NewCase("key "+name+" indexed", Attributes(key, "v"), Resource(key, "v"), Server, Index(key, "otel.resource."+key)))
	}
	ns := "aws.xray.metadata."
	for _, text := range []string{
		`{}`, `{"a":1}`, `null`, `[]`, `[1]`, `1`, `"x"`, `true`, ``, `{`, `{"a":1}x`, ` {"a":1} `, `{"a":1e400}`, `{"a":9007199254740993}`, `{"a":1e21,"b":-0,"c":0.1}`,
		`{"a":{"b":[1,null,{"c":"<&>"}]}}`, `{"a":1,"a":2}`, `{"default":1}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"otel.resource.x":1}`, `{"a":1}{"b":2}`,
		`{"b":1,"a":2,"c":{"z":1,"y":2}}`, "\xef\xbb\xbf{}", `{"\u0061":1}`, `{"a":12345678901234567890}`, `{"a":1E2}`, `{"a":01}`, `{'a':1}`, strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat(`}`, 50),
	} {
		for _, name := range []string{"n", "default", "DeFault", ""} {
			cases = append(cases,
				NewCase("metadata "+name+" "+text, Attributes(ns+name, text, "other", 1)),
				NewCase("metadata "+name+" "+text+", with resource", Server, Attributes(ns+name, text), Resource("x", "y")),
				NewCase("metadata "+name+" "+text+", all indexed", IndexAll, Attributes(ns+name, text)),
				NewCase("metadata "+name+" "+text+", indexed", Index(ns+name), Attributes(ns+name, text)))
		}
	}
	return append(cases,
		NewCase("index of consumed attributes", Client, Index("http.method", "http.url", "rpc.method", "db.system", "net.peer.name", "enduser.id", "http.status_text", "none"),
			Attributes("http.method", "GET", "http.url", "u", "rpc.method", "M", "db.system", "mysql", "net.peer.name", "h", "enduser.id", "e", "http.status_text", "s"), Failed),
		NewCase("annotations of consumed attributes", Client, Attributes("http.method", "GET", "aws.xray.annotations", []any{"http.method", "x"}, "x", 1)),
		NewCase("index of a consumed attribute that is twice", Client, Index("http.method"), Attributes("http.method", "A", Again("http.method"), "B")),
		NewCase("index of an attribute that is twice", Client, Index("k"), Attributes("k", "A", "k\x01", 1, "kk", "A", Again("kk"), "B")),
		NewCase("attribute twice", Attributes("key", "A", Again("key"), "B"), Resource("key", "A", Again("key"), "B"), Server),
		NewCase("attribute twice, all indexed", Attributes("key", "A", Again("key"), "B"), Resource("key", "A", Again("key"), 2), Server, IndexAll),
		NewCase("attribute twice, then no scalar, all indexed", Attributes("key", "A", Again("key"), []any{1}), Resource("key", "A", Again("key"), []any{2}), Server, IndexAll),
		NewCase("attribute twice, then nothing", Attributes("key", "A", Again("key"), nil), Resource("key", "A", Again("key"), nil), Server),
		NewCase("annotation keys collide", IndexAll, Attributes("a-b", 1, "a_b", 2, "a b", 3)),
		NewCase("annotation keys of resource and span collide", Server, IndexAll, Attributes("otel.resource.a", 1), Resource("a", 2)),
		NewCase("annotation keys of the resource collide", Server, IndexAll, Resource("a-b", 1, "a_b", 2, "a b", 3)),
		NewCase("metadata collides", Server, Attributes(ns+"default", `{"x":1,"otel.resource.y":2}`, "x", "attribute"), Resource("y", "resource")),
		NewCase("two defaults collide", Attributes(ns+"default", `{"x":1}`, ns+"Default", `{"x":2}`)),
		NewCase("only enduser.id", Attributes("enduser.id", "u")),
		NewCase("only enduser.id of a server", Server, Attributes("enduser.id", "u")),
		NewCase("only annotations", Attributes("aws.xray.annotations", []any{"a"})),
		NewCase("only http", Client, Attributes("http.method", "GET")),
		NewCase("empty annotations", Attributes("aws.xray.annotations", []any{}), Server, Resource("a", 1)),
		NewCase("index wins over annotations", Index("a"), Attributes("aws.xray.annotations", []any{"b"}, "a", 1, "b", 2, "c", 3)),
		NewCase("both index options", Index("a"), IndexAll, Attributes("a", 1, "b", []any{1})),
		NewCase("index of no scalar", Index("a", "otel.resource.a"), Attributes("a", []any{1}), Resource("a", []any{1}), Server),
		NewCase("sixty annotations", IndexAll, func(c *Case) {
			for i := range 60 {
				Attributes(fmt.Sprintf("k%d", i), i)(c)
			}
		}),
	)
}

func flagsCorpus() []Case {
	var cases []Case
	for _, code := range []any{0, 100, 200, 399, 400, 404, 428, 429, 430, 499, 500, 503, 599, 600, -1, "500", "429", nil} {
		for _, key := range []string{"http.status_code", "http.response.status_code"} {
			for _, status := range []ptrace.StatusCode{ptrace.StatusCodeUnset, ptrace.StatusCodeOk, ptrace.StatusCodeError} {
				cases = append(cases, NewCase(fmt.Sprintf("flags %s=%v, status %s", key, code, status), Client, Attributes(key, code), Status(status, "")))
			}
		}
	}
	return append(cases,
		NewCase("flags of both, old rules", Client, Attributes("http.response.status_code", 500, "http.status_code", 404)),
		NewCase("flags of a code that is twice", Client, Attributes("http.status_code", 404, Again("http.status_code"), 500)),
		NewCase("flags of gRPC", Client, Attributes("rpc.grpc.status_code", 8), Failed),
		NewCase("unknown status", Status(ptrace.StatusCode(9), "m")))
}
