package traceaws

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// A service is what is recorded of the calls of one AWS service. Fields that
// an operation does not have are passed over.
type service struct {
	constant []attribute.KeyValue
	input    []rule
	output   []rule
	more     func(operation string, input object) []attribute.KeyValue
	sends    []string // operations that send messages
	receives []string // operations that receive them
}

// services are by the clients' service ids. The attributes are those of
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/aws/ where it
// has one.
var services = map[string]service{
	"DynamoDB": {
		constant: []attribute.KeyValue{attribute.String("db.system.name", "aws.dynamodb")},
		input: []rule{
			{"TableName", textList("aws.dynamodb.table_names")}, {"TableName", text("db.collection.name")},
			{"RequestItems", mapKeys("aws.dynamodb.table_names")},
			{"ConsistentRead", boolean("aws.dynamodb.consistent_read")}, {"ProjectionExpression", text("aws.dynamodb.projection")},
			{"IndexName", text("aws.dynamodb.index_name")}, {"Limit", number("aws.dynamodb.limit")},
			{"ScanIndexForward", boolean("aws.dynamodb.scan_forward")}, {"Select", text("aws.dynamodb.select")},
			{"Segment", number("aws.dynamodb.segment")}, {"TotalSegments", number("aws.dynamodb.total_segments")},
			{"ExclusiveStartTableName", text("aws.dynamodb.exclusive_start_table")},
			{"GlobalSecondaryIndexes", jsonList("aws.dynamodb.global_secondary_indexes")},
			{"LocalSecondaryIndexes", jsonList("aws.dynamodb.local_secondary_indexes")},
			{"GlobalSecondaryIndexUpdates", jsonList("aws.dynamodb.global_secondary_index_updates")},
			{"ProvisionedThroughput.ReadCapacityUnits", float("aws.dynamodb.provisioned_read_capacity")},
			{"ProvisionedThroughput.WriteCapacityUnits", float("aws.dynamodb.provisioned_write_capacity")},
		},
		output: []rule{
			{"Count", number("aws.dynamodb.count")}, {"ScannedCount", number("aws.dynamodb.scanned_count")},
			{"TableNames", count("aws.dynamodb.table_count")}, {"ConsumedCapacity", jsonList("aws.dynamodb.consumed_capacity")},
		},
		more: dynamoDB,
	},
	"S3": {
		input: []rule{
			{"Bucket", text("aws.s3.bucket")}, {"Key", text("aws.s3.key")}, {"CopySource", text("aws.s3.copy_source")},
			{"UploadId", text("aws.s3.upload_id")}, {"PartNumber", number("aws.s3.part_number")}, {"Delete", jsonText("aws.s3.delete")},
		},
	},
	"SQS": {
		constant: []attribute.KeyValue{attribute.String("messaging.system", "aws_sqs")},
		input: []rule{
			{"QueueUrl", text("aws.sqs.queue.url")}, {"QueueUrl", text("aws.queue_url")},
			{"QueueUrl", lastPart("messaging.destination.name", "/")}, {"QueueName", text("messaging.destination.name")},
			{"Entries", count("messaging.batch.message_count")},
		},
		output: []rule{
			{"MessageId", text("messaging.message.id")}, {"Messages", count("messaging.batch.message_count")},
			{"Failed", failures},
		},
		sends: []string{"SendMessage", "SendMessageBatch"}, receives: []string{"ReceiveMessage"},
	},
	"SNS": {
		constant: []attribute.KeyValue{attribute.String("messaging.system", "aws.sns")},
		input: []rule{
			{"TopicArn", text("aws.sns.topic.arn")}, {"TopicArn", lastPart("messaging.destination.name", ":")},
			{"TargetArn", lastPart("messaging.destination.name", ":")},
			{"PublishBatchRequestEntries", count("messaging.batch.message_count")},
		},
		output: []rule{{"MessageId", text("messaging.message.id")}, {"Failed", failures}},
		sends:  []string{"Publish", "PublishBatch"},
	},
	"EventBridge": {
		constant: []attribute.KeyValue{attribute.String("messaging.system", "aws.eventbridge")},
		input:    []rule{{"Entries", count("messaging.batch.message_count")}},
		output:   []rule{{"FailedEntryCount", failed}},
		more:     eventBridge,
		sends:    []string{"PutEvents"},
	},
	"Kinesis": {
		constant: []attribute.KeyValue{attribute.String("messaging.system", "aws.kinesis")},
		input: []rule{
			{"StreamName", text("aws.kinesis.stream_name")}, {"StreamName", text("messaging.destination.name")},
			{"StreamARN", lastPart("aws.kinesis.stream_name", "/")}, {"StreamARN", lastPart("messaging.destination.name", "/")},
			{"Records", count("messaging.batch.message_count")},
		},
		output: []rule{
			{"SequenceNumber", text("messaging.message.id")}, {"Records", count("messaging.batch.message_count")},
			{"FailedRecordCount", failed},
		},
		sends: []string{"PutRecord", "PutRecords"}, receives: []string{"GetRecords"},
	},
	"Firehose": {input: []rule{{"DeliveryStreamName", text("messaging.destination.name")}, {"Records", count("messaging.batch.message_count")}}},
	"Lambda": {
		input:  []rule{{"FunctionName", text("faas.invoked_name")}},
		output: []rule{{"FunctionError", text("aws.lambda.function_error")}, {"ExecutedVersion", text("aws.lambda.executed_version")}},
		more:   lambda,
	},
	"SFN": {
		input: []rule{
			{"StateMachineArn", text("aws.step_functions.state_machine.arn")}, {"ActivityArn", text("aws.step_functions.activity.arn")},
			{"ExecutionArn", text("aws.step_functions.execution.arn")},
		},
		output: []rule{{"ExecutionArn", text("aws.step_functions.execution.arn")}},
		sends:  []string{"StartExecution", "StartSyncExecution"},
	},
	"Secrets Manager": {output: []rule{{"ARN", text("aws.secretsmanager.secret.arn")}}},
	"Bedrock Runtime": {
		constant: []attribute.KeyValue{attribute.String("gen_ai.provider.name", "aws.bedrock")},
		input:    []rule{{"ModelId", text("gen_ai.request.model")}},
	},
}

// kindOf is producer for what sends messages to somebody who receives them.
func kindOf(id, operation string) trace.SpanKind {
	if id != "SFN" && slices.Contains(services[id].sends, operation) {
		return trace.SpanKindProducer
	}
	return trace.SpanKindClient
}

// inputAttributes are those that the input of a call gives, beside the constant
// ones.
func inputAttributes(id, operation, region string, input any) []attribute.KeyValue {
	s, ok := services[id]
	in := objectOf(input)
	if !ok || !in.ok() {
		return nil
	}
	attributes := in.apply(make([]attribute.KeyValue, 0, 8), s.input)
	switch {
	case slices.Contains(s.sends, operation) && id != "SFN":
		attributes = append(attributes, attribute.String("messaging.operation.type", "send"), attribute.String("messaging.operation.name", operation))
	case slices.Contains(s.receives, operation):
		attributes = append(attributes, attribute.String("messaging.operation.type", "receive"), attribute.String("messaging.operation.name", operation))
	case id == "SQS" && strings.HasPrefix(operation, "DeleteMessage"):
		attributes = append(attributes, attribute.String("messaging.operation.type", "settle"), attribute.String("messaging.operation.name", operation))
	}
	if s.more != nil {
		attributes = append(attributes, s.more(operation, in)...)
	}
	if id == "Lambda" {
		attributes = append(attributes, attribute.String("faas.invoked_region", region))
	}
	return attributes
}

// outputAttributes are those that the result of a call gives.
func outputAttributes(id, _ string, output any) []attribute.KeyValue {
	out := objectOf(output)
	if !out.ok() {
		return nil
	}
	return out.apply(nil, services[id].output)
}

func dynamoDB(operation string, in object) []attribute.KeyValue {
	attributes := []attribute.KeyValue{attribute.String("db.operation.name", operation)}
	if operation == "UpdateTable" {
		attributes = in.apply(attributes, []rule{{"AttributeDefinitions", jsonList("aws.dynamodb.attribute_definitions")}})
	}
	var tables []string
	for _, item := range in.field("TransactItems").elements() {
		for _, action := range []string{"Get", "Put", "Update", "Delete", "ConditionCheck"} {
			if name := item.field(action).field("TableName").text(); name != "" {
				tables = append(tables, name)
			}
		}
	}
	if len(tables) > 0 {
		slices.Sort(tables)
		attributes = append(attributes, attribute.StringSlice("aws.dynamodb.table_names", slices.Compact(tables)))
	}
	return attributes
}

func eventBridge(_ string, in object) []attribute.KeyValue {
	entries := in.field("Entries").elements()
	if len(entries) == 0 {
		return nil
	}
	bus := entries[0].field("EventBusName").text()
	if bus == "" {
		bus = "default"
	}
	return []attribute.KeyValue{attribute.String("messaging.destination.name", bus[strings.LastIndexByte(bus, '/')+1:])}
}

func lambda(_ string, in object) []attribute.KeyValue {
	name := in.field("FunctionName").text()
	if name == "" {
		return nil
	}
	attributes := []attribute.KeyValue{attribute.String("faas.invoked_provider", "aws")}
	if strings.HasPrefix(name, "arn:") {
		attributes = append(attributes, attribute.String("aws.lambda.invoked_arn", name))
	}
	// name, account:function:name or arn:aws:lambda:region:account:function:name[:qualifier]
	if _, after, ok := strings.Cut(name, "function:"); ok {
		name, _, _ = strings.Cut(after, ":")
		attributes = append(attributes, attribute.String("faas.invoked_name", name))
	}
	return attributes
}
