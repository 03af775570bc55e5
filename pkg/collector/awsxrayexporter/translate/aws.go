package translate

import (
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// appendAWS appends the aws block: what the resource gives, and of a call what
// the span says. Documents of another cloud have none.
func (s *scratch) appendAWS(b []byte, p part) []byte {
	if s.resource.noAWS {
		return b
	}
	b = append(b, `,\"aws\":`...)
	start := len(b)
	b = append(b, s.resource.aws...)
	if rule := s.attributes.str(xraySamplingRule); rule != "" && s.t.rules.has(ruleSamplingName) {
		// The xray object is the last of the resource's members, and not empty.
		b = append(appendMember(b[:len(b)-1], `,\"sampling_rule_name\":`, rule), '}')
	}
	at := len(b)
	if s.attributes.gives.has(givesCall) {
		b = s.appendCall(b)
	} else {
		b = appendMember(b, `,\"account_id\":`, s.resource.account)
	}
	if p == service {
		b = b[:at]
	}
	return segment.CloseObject(b, start)
}

func (s *scratch) appendCall(b []byte) []byte {
	a := &s.attributes
	account := s.resource.account
	if x := a.latest(awsAccountID); x != nil && x.value.Type() != pcommon.ValueTypeEmpty {
		account = a.show(awsAccountID)
	}
	b = appendMember(b, `,\"account_id\":`, account)
	b = appendMember(b, `,\"operation\":`, s.operation())
	b = appendMember(b, `,\"region\":`, a.show(awsRegion))
	b = appendMember(b, `,\"request_id\":`, a.show(awsRequestID, awsRequestIDOld))
	b = s.appendQueue(b)
	b = s.appendTables(b)
	if s.status.awsSDK && s.t.rules.has(ruleAWSResources) {
		return s.appendResources(b)
	}
	return b
}

// appendResources appends what a call was about, by the names that the X-Ray
// SDKs give it.
func (s *scratch) appendResources(b []byte) []byte {
	a := &s.attributes
	if v, ok := a.get(xrayRetries); ok && v.Type() == pcommon.ValueTypeInt {
		b = strconv.AppendInt(append(b, `,\"retries\":`...), v.Int(), 10)
	}
	b = appendMember(b, `,\"id_2\":`, a.str(awsExtendedRequestID))
	b = appendMember(b, `,\"bucket_name\":`, a.str(awsBucket))
	b = appendMember(b, `,\"key\":`, a.str(awsKey))
	b = appendMember(b, `,\"topic_arn\":`, a.str(awsTopic))
	b = appendMember(b, `,\"stream_name\":`, a.str(awsStream))
	return appendMember(b, `,\"function_name\":`, a.str(awsFunction))
}

func (s *scratch) operation() string {
	a := &s.attributes
	if a.has(awsOperation) {
		return a.show(awsOperation)
	}
	if a.has(rpcMethod) {
		operation := a.show(rpcMethod)
		if s.status.awsSDK && s.t.rules.has(ruleStableRPC) {
			_, operation, _ = cutMethod(operation)
		}
		return operation
	}
	if s.t.rules.has(ruleStableMessaging) && a.has(messagingSystem) && a.has(messagingOperation) {
		if _, aws := s.stableName(); aws {
			return a.str(messagingOperation)
		}
	}
	return ""
}

// appendQueue appends queue_url; messaging.url wins.
func (s *scratch) appendQueue(b []byte) []byte {
	a := &s.attributes
	if x := a.latest(messagingURL); x != nil {
		return appendMember(b, `,\"queue_url\":`, x.value.Str())
	}
	if x := a.latest(awsQueueURL, awsQueueURLOld); x == nil && s.t.rules.has(ruleStableMessaging) {
		return appendMember(b, `,\"queue_url\":`, a.str(sqsQueueURL))
	}
	return appendMember(b, `,\"queue_url\":`, a.show(awsQueueURL, awsQueueURLOld))
}

// appendTables appends table_name or table_names; aws.dynamodb.table_names
// wins.
func (s *scratch) appendTables(b []byte) []byte {
	if x := s.attributes.latest(dynamoTableNames); x != nil {
		switch v := x.value; v.Type() {
		case pcommon.ValueTypeStr:
			return appendMember(b, `,\"table_name\":`, v.Str())
		case pcommon.ValueTypeSlice:
			if v.Slice().Len() == 1 {
				return appendMember(b, `,\"table_name\":`, v.Slice().At(0).Str())
			}
			if v.Slice().Len() > 1 {
				return appendNames(append(b, `,\"table_names\":`...), v.Slice())
			}
		}
	}
	return appendMember(b, `,\"table_name\":`, s.attributes.show(awsTableName, awsTableNameOld))
}

func appendNames(b []byte, names pcommon.Slice) []byte {
	start := len(b)
	for _, name := range names.All() {
		b = segment.AppendString(append(b, ','), name.Str())
	}
	return segment.CloseArray(b, start)
}
