package translate

import "fmt"

// A Rule is one thing that default mode does and compat mode does not.
type Rule struct {
	Name  string // for Config.Disable
	What  string
	Issue string // where users ask for it upstream; "" if nobody has
}

// A ruleSet holds the rules that are on, one bit for each entry of Rules.
type ruleSet uint32

const (
	ruleStableDB ruleSet = 1 << iota
	ruleSQLURL
	ruleStableRPC
	ruleGRPCStatus
	ruleStableMessaging
	ruleServerAddress
	ruleGenAI
	ruleJSStacks
	rulePythonCauses
	ruleNames
	ruleConsumerNames
	ruleKeepConsumed
	ruleKeepNonScalar
	ruleSpanEvents
	ruleAnnotationLimits
	ruleAnnotationPrefix
	ruleAWSResources
	ruleAWSThrottle
	ruleSamplingName
	ruleEnd
)

const contrib = "https://github.com/open-telemetry/opentelemetry-collector-contrib/"

// Rules lists the rules of default mode.
var Rules = []Rule{
	{"stable_db", "db.system.name, db.namespace, db.query.text and server.address give the sql block and the name db@host; " +
		"the older names give the host too when there is no connection string", contrib + "pull/46537"},
	{"sql_url", "sql.url is system://host:port/database, not the span's name, when the host is known", contrib + "issues/36128"},
	{"stable_rpc", "rpc.system.name and a fully qualified rpc.method give name, namespace and operation", contrib + "pull/46537"},
	{"grpc_status", "a gRPC status gives error, fault and throttle, by the HTTP status that google.rpc.Code maps it to", ""},
	{"stable_messaging", "messaging.system and messaging.destination.name name a producer's node; SQS and SNS become aws subsegments", contrib + "pull/46537"},
	{"server_address", "server.address, server.port and network.peer.address give a client's URL and name", contrib + "issues/35375"},
	{"gen_ai", "gen_ai.provider.name names a model call; Bedrock becomes an aws subsegment", ""},
	{"js_stacks", "stacks of the languages nodejs and webjs are read; a path may hold colons", contrib + "issues/45356"},
	{"python_causes", "a stack's \"direct cause\" is an exception too", ""},
	{"names", "every name holds only what X-Ray allows, cut between runes at 200 characters", contrib + "issues/16327"},
	{"consumer_names", "a consumer's segment has the service's name", contrib + "issues/43432"},
	{"keep_consumed", "an attribute that a block reads but does not show stays in the metadata", contrib + "pull/46537"},
	{"keep_non_scalar", "an attribute that should be an annotation and is no scalar stays in the metadata", contrib + "issues/5266"},
	{"span_events", "events are in the metadata, as otel.events, with the seconds since the span's start", "https://github.com/aws-observability/aws-otel-collector/issues/821"},
	{"annotation_limits", "at most 50 annotations, the span's before the resource's, keys to 500 and values to 1000 characters; " +
		"what does not fit is in the metadata", ""},
	{"annotation_prefix", "aws.xray.annotation.KEY is an annotation KEY, as xrayattr of this project's SDK makes them", contrib + "issues/5266"},
	{"aws_resources", "an AWS SDK call's aws block has retries, S3's id_2, and the bucket, key, topic, stream or function, as the X-Ray SDKs name them",
		"https://github.com/aws/aws-xray-sdk-go/issues/320"},
	{"aws_throttle", "an AWS SDK call that failed with aws.throttled is throttled: DynamoDB says so with status 400", ""},
	{"sampling_rule", "aws.xray.sampling_rule_name is where the X-Ray SDKs write it, in the block aws.xray", ""},
}

func newRuleSet(mode Mode, disable []string) (ruleSet, error) {
	on := ruleEnd - 1
	for _, name := range disable {
		bit, ok := ruleBit(name)
		if !ok {
			return 0, fmt.Errorf("unknown rule %q", name)
		}
		on &^= bit
	}
	switch mode {
	case Default, "":
		return on, nil
	case Compat:
		return 0, nil
	default:
		return 0, fmt.Errorf("unknown mode %q: want %q or %q", mode, Default, Compat)
	}
}

func ruleBit(name string) (ruleSet, bool) {
	for i, r := range Rules {
		if r.Name == name {
			return 1 << i, true
		}
	}
	return 0, false
}

func (r ruleSet) has(bit ruleSet) bool { return r&bit != 0 }
