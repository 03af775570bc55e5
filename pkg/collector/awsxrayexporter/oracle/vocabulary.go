package oracle

import (
	"math"
	"strings"
)

var languages = []string{
	"java", "python", "javascript", "dotnet", "php", "go", "java", "python", "javascript", "dotnet", "go",
	"nodejs", "webjs", "ruby", "rust", "cpp", "swift", "erlang", "unknown", "",
}

var spanNames = []string{"GET /orders/{id}", "SELECT shop.orders", "work", "S3.GetObject", "process orders", "orders publish", "pkg.Svc/Get", "größe"}

var messages = []string{"boom", "state is not legal", "no such table: x", "a\nb", ""}

var texts = []string{"value", "a longer value of some words", "192.0.2.7", "GET", "https://example.com/a?b=c", "443", "true", "/orders/7", "{\"a\":1}"}

// oddTexts are hard to write as JSON, or to read as anything.
var oddTexts = []string{
	"", " ", "<script>&amp;</script>", "\x00\x01\b\f\n\r\t\x1f\x7f", "\u2028\u2029", `"\/`, "a\xff\xc3\x28\xed\xa0\x80z", "🎉é漢", "a,b;c*d",
	strings.Repeat("x", 199) + "é", strings.Repeat("long ", 60), "::1", "fe80::1%eth0", ":", "\xef\xbb\xbf", "null", "-0", "1e400",
}

var integers = []int64{0, 1, -1, 80, 200, 404, 429, 443, 500, 503, 8080, math.MaxInt64, math.MinInt64, 9007199254740993}

var floats = []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e20, 1e21, 1e-6, 1e-7, math.MaxFloat64, math.SmallestNonzeroFloat64, 5, 404, 1 << 53}

// objects are values of aws.xray.metadata attributes.
var objects = []string{
	`{"a":1,"b":{"c":[1,2,null]}}`, `{}`, `null`, `[1]`, `x`, `{"custom.a":7}`, `{"otel.resource.x":"kept","y":"<&>"}`, `{"a":1e21,"b":9007199254740993,"c":-0.0}`, `{"a":`,
}

// resourceKeys are what the translation reads of a resource.
var resourceKeys = []string{
	"cloud.provider", "cloud.platform", "cloud.account.id", "cloud.availability_zone", "host.id", "host.type", "host.image.id", "container.name",
	"k8s.pod.name", "service.name", "service.namespace", "service.instance.id", "service.version", "telemetry.sdk.name", "telemetry.sdk.language",
	"telemetry.sdk.version", "telemetry.auto.version", "telemetry.distro.version", "container.id", "k8s.cluster.name", "aws.ecs.cluster.arn",
	"aws.ecs.container.arn", "aws.ecs.task.arn", "aws.ecs.task.family", "aws.ecs.launchtype", "aws.log.group.names", "aws.log.group.arns",
	"container.image.tag", "container.image.tags", "process.command_args",
}

// otherKeys are of nobody in particular.
var otherKeys = []string{
	"custom.a", "custom-a", "custom_a", "custom a", "custom.list", "a", "b", "", "größe", "k\xff", "<k>", "x", "y", "otel.resource.x", "otel.resource.service.name",
	"thread.id", "code.function", "error.type", "http.route", "server.port", "tenant",
}

// knownKeys are what the translation reads of a span.
var knownKeys = []string{
	"http.method", "http.request.method", "http.client_ip", "http.user_agent", "user_agent.original", "http.status_code", "http.response.status_code",
	"http.url", "url.full", "http.scheme", "url.scheme", "http.host", "http.target", "http.server_name", "http.status_text", "net.host.port", "host.name",
	"net.host.name", "net.peer.name", "net.peer.port", "net.peer.ip", "network.peer.address", "network.peer.port", "client.address", "url.path", "url.query",
	"server.address", "server.port", "message.type", "messaging.message_payload_size_bytes", "messaging.url", "messaging.system",
	"messaging.destination.name", "messaging.operation.type", "messaging.destination", "db.system", "db.name", "db.statement", "db.user", "db.connection_string", "db.system.name", "db.namespace",
	"db.query.text", "db.operation.name", "db.collection.name", "rpc.system", "rpc.service", "rpc.method", "rpc.grpc.status_code", "rpc.system.name", "rpc.response.status_code", "aws.service", "aws.operation", "aws.account_id",
	"aws.region", "aws.request_id", "aws.requestId", "aws.queue_url", "aws.queue.url", "aws.table_name", "aws.table.name", "aws.dynamodb.table_names",
	"aws.span.kind", "aws.local.service", "aws.remote.service", "aws.remote.operation", "remoteTarget", "K8s.RemoteNamespace", "peer.service",
	"aws.xray.inprogress", "aws.xray.annotations", "aws.xray.metadata.notes", "aws.xray.metadata.default", "aws.xray.retries", "enduser.id",
	"gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model", "gen_ai.operation.name", "faas.trigger", "faas.invocation_id", "graphql.operation.name",
}
