package translate

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// What default mode reads of the stable semantic conventions, beside what the
// blocks do themselves.

// stableName names the node that an AWS, messaging or model call goes to.
func (s *scratch) stableName() (name nameParts, aws bool) {
	a, rules, kind := &s.attributes, s.t.rules, s.span.Kind()
	if s.status.awsSDK && rules.has(ruleStableRPC) {
		if service := firstOf(a.str(rpcService), s.stableRPCService()); service != "" {
			return nameParts{a: service}, true
		}
	}
	if kind != ptrace.SpanKindClient && kind != ptrace.SpanKindProducer {
		return nameParts{}, false
	}
	if rules.has(ruleStableMessaging) && a.has(messagingSystem) {
		switch system := a.str(messagingSystem); system {
		case "aws_sqs", "AmazonSQS":
			return nameParts{a: "SQS"}, true
		case "aws.sns", "aws_sns":
			return nameParts{a: "SNS"}, true
		default:
			return nameParts{a: firstOf(a.str(messagingDestination), system), b: a.str(serverAddress)}, false
		}
	}
	if rules.has(ruleGenAI) {
		switch provider := firstOf(a.str(genAIProvider), a.str(genAISystem)); provider {
		case "aws.bedrock":
			return nameParts{a: "Bedrock Runtime"}, true
		default:
			return nameParts{a: provider}, false
		}
	}
	return nameParts{}, false
}

// stableRPCService is the service in a fully qualified rpc.method, such as
// "shop.Cart/Add".
func (s *scratch) stableRPCService() string {
	if !s.t.rules.has(ruleStableRPC) {
		return ""
	}
	service, _, ok := cutMethod(s.attributes.str(rpcMethod))
	if !ok {
		return ""
	}
	return service
}

func cutMethod(full string) (service, method string, ok bool) {
	i := strings.LastIndexByte(full, '/')
	if i <= 0 || i == len(full)-1 {
		return "", full, false
	}
	return strings.TrimPrefix(full[:i], "/"), full[i+1:], true
}

// sqlSystems maps the values of db.system.name and db.system that are SQL
// databases to X-Ray's database_type, which is what db.system has for them.
var sqlSystems = map[string]string{
	"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mariadb", "sqlite": "sqlite",
	"microsoft.sql_server": "mssql", "mssqlcompact": "mssql",
	"oracle.db": "oracle", "ibm.db2": "db2", "hive": "hive", "derby": "derby", "teradata": "teradata", "other_sql": "other_sql",
	"aws.redshift": "redshift", "redshift": "redshift", "cockroachdb": "cockroachdb", "h2": "h2", "hsqldb": "hsqldb",
	"hanadb": "hanadb", "sap.hana": "hanadb", "maxdb": "maxdb", "sap.maxdb": "maxdb", "trino": "trino", "clickhouse": "clickhouse",
	"spanner": "spanner", "gcp.spanner": "spanner", "vertica": "vertica", "edb": "edb", "firebird": "firebird", "firebirdsql": "firebird",
	"informix": "informix", "ibm.informix": "informix", "ingres": "ingres", "actian.ingres": "ingres",
	"netezza": "netezza", "ibm.netezza": "netezza", "sybase": "sybase", "snowflake": "snowflake",
}

// grpcHTTP is the HTTP status of each gRPC status, by google.rpc.Code:
// https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
var grpcHTTP = [17]int64{200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401}

var grpcNames = map[string]int64{
	"OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5,
	"ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9, "ABORTED": 10,
	"OUT_OF_RANGE": 11, "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14, "DATA_LOSS": 15, "UNAUTHENTICATED": 16,
}

// grpcStatus is the HTTP status that the span's gRPC status stands for, 0 for
// none.
func (s *scratch) grpcStatus() int64 {
	a := &s.attributes
	var code int64
	switch {
	case a.has(rpcGRPCStatusCode):
		v, _ := a.get(rpcGRPCStatusCode)
		code = v.Int()
	case a.has(rpcResponseStatusCode):
		var ok bool
		if code, ok = grpcNames[a.str(rpcResponseStatusCode)]; !ok {
			return 0
		}
	default:
		return 0
	}
	if code < 0 || code >= int64(len(grpcHTTP)) {
		return 0
	}
	return grpcHTTP[code]
}
