// Package awscalls says what segments record of calls of AWS's services:
// tables, queues, buckets, topics and functions, and what else the X-Ray SDK
// recorded. It is shared by the instrumentation of both versions of AWS's SDK.
package awscalls

import (
	"reflect"
	"strings"
	"unicode"
)

// A call lists the fields of an operation's input and output that are recorded,
// as words: a field's name; or "keys Field name" for the keys of a map,
// "count Field name" for the length of a list, "as Field name" for another name.
type call struct {
	input, output string
}

const (
	consumed   = "ConsumedCapacity"
	collection = consumed + ",ItemCollectionMetrics"
	bucket     = "as Bucket bucket_name"
)

// services are by their name in lower case and by operation.
var services = map[string]map[string]call{
	"dynamodb": {
		"BatchGetItem":   {"keys RequestItems table_names", consumed},
		"BatchWriteItem": {"keys RequestItems table_names", collection},
		"CreateTable":    {"GlobalSecondaryIndexes,LocalSecondaryIndexes,ProvisionedThroughput,TableName", ""},
		"DeleteItem":     {"TableName", collection},
		"GetItem":        {"ConsistentRead,ProjectionExpression,TableName", consumed},
		"ListTables":     {"ExclusiveStartTableName,Limit", "count TableNames table_count"},
		"PutItem":        {"TableName", collection},
		"Query":          {"AttributesToGet,ConsistentRead,IndexName,Limit,ProjectionExpression,ScanIndexForward,Select,TableName", consumed},
		"Scan": {"AttributesToGet,ConsistentRead,IndexName,Limit,ProjectionExpression,Segment,Select,TableName,TotalSegments",
			consumed + ",Count,ScannedCount"},
		"UpdateItem":  {"TableName", collection},
		"UpdateTable": {"AttributeDefinitions,GlobalSecondaryIndexUpdates,ProvisionedThroughput,TableName", ""},
	},
	"sqs": {
		"AddPermission":                {"Label,QueueUrl", ""},
		"ChangeMessageVisibility":      {"QueueUrl,VisibilityTimeout", ""},
		"ChangeMessageVisibilityBatch": {"QueueUrl", "Failed"},
		"CreateQueue":                  {"Attributes,QueueName", ""},
		"DeleteMessageBatch":           {"QueueUrl", "Failed"},
		"GetQueueAttributes":           {"QueueUrl", "Attributes"},
		"GetQueueUrl":                  {"QueueName,QueueOwnerAWSAccountId", "QueueUrl"},
		"ListDeadLetterSourceQueues":   {"QueueUrl", "QueueUrls"},
		"ListQueues":                   {"QueueNamePrefix", "count QueueUrls queue_count"},
		"ReceiveMessage": {"AttributeNames,MaxNumberOfMessages,MessageAttributeNames,QueueUrl,VisibilityTimeout,WaitTimeSeconds",
			"count Messages message_count"},
		"SendMessage":        {"DelaySeconds,QueueUrl,keys MessageAttributes message_attribute_names", "MessageId"},
		"SendMessageBatch":   {"QueueUrl,count Entries message_count", "count Failed failed_count,count Successful successful_count"},
		"SetQueueAttributes": {"QueueUrl,keys Attributes attribute_names", ""},
	},
	"lambda": {
		"Invoke":      {"FunctionName,InvocationType,LogType,Qualifier", "FunctionError,StatusCode"},
		"InvokeAsync": {"FunctionName", "Status"},
	},
	"s3": {
		"DeleteObject":    {bucket + ",Key", "DeleteMarker"},
		"DeleteObjects":   {bucket, "count Deleted deleted_object_count"},
		"ListBuckets":     {"", "count Buckets bucket_count"},
		"ListObjects":     {bucket, "count Contents object_count"},
		"ListObjectsV2":   {bucket, "count Contents object_count"},
		"PutBucketPolicy": {bucket + ",Policy", ""},
	},
	"sns":               {"Publish": {"TopicArn", ""}},
	"runtime.sagemaker": {"InvokeEndpoint": {"EndpointName", ""}},
}

// others is what is recorded of operations that the table does not have.
var others = map[string]call{
	"dynamodb": {"TableName", consumed},
	"sqs":      {"QueueUrl", ""},
	"lambda":   {"FunctionName", ""},
	"s3":       {bucket + ",Key", ""},
	"sns":      {"TopicArn", ""},
	"kinesis":  {"StreamName", ""},
	"sfn":      {"StateMachineArn", ""},
}

// aliases are names of services in version 2 of AWS's SDK.
var aliases = map[string]string{"sagemaker runtime": "runtime.sagemaker"}

// A Table says what is recorded. It does not change once it is made.
type Table struct {
	services map[string]map[string]call
	others   map[string]call // of operations that services does not have
}

// Default is what the X-Ray SDK records, and the table, queue, bucket, topic or
// function of operations that it does not know.
var Default = &Table{services, others}

func (t *Table) find(service, operation string) call {
	service = strings.ToLower(service)
	if alias, ok := aliases[service]; ok {
		service = alias
	}
	if c, ok := t.services[service][operation]; ok {
		return c
	}
	return t.others[service]
}

// Input adds to a segment's aws block what is recorded of an operation's input,
// a pointer to a struct of AWS's SDK, or anything else, of which nothing is.
func (t *Table) Input(block map[string]interface{}, service, operation string, input any) {
	record(block, t.find(service, operation).input, input)
}

// Output is Input of an operation's output.
func (t *Table) Output(block map[string]interface{}, service, operation string, output any) {
	record(block, t.find(service, operation).output, output)
}

func record(block map[string]interface{}, fields string, from any) {
	if fields == "" || from == nil {
		return
	}
	v := reflect.Indirect(reflect.ValueOf(from))
	if v.Kind() != reflect.Struct {
		return
	}
	for field := range strings.SplitSeq(fields, ",") {
		words := strings.Fields(field)
		how, name := "", SnakeCase(words[0])
		if len(words) == 3 {
			how, name = words[0], words[2]
			words = words[1:]
		}
		if value, ok := valueOf(v.FieldByName(words[0]), how); ok {
			block[name] = value
		}
	}
}

// valueOf is what is recorded of a field; ok is false if it is not set.
func valueOf(field reflect.Value, how string) (value any, ok bool) {
	if !field.IsValid() || !field.CanInterface() || field.IsZero() && field.Kind() != reflect.Slice {
		return nil, false
	}
	switch how {
	case "count":
		return field.Len(), true
	case "keys":
		keys := make([]string, 0, field.Len())
		for _, key := range field.MapKeys() {
			keys = append(keys, key.String())
		}
		return keys, true
	}
	if field.Kind() == reflect.Slice && field.IsNil() {
		return nil, false
	}
	field = reflect.Indirect(field)
	if field.Kind() == reflect.String {
		return field.String(), true // also of the enumerations' own types
	}
	return field.Interface(), true
}

// SnakeCase is a name of AWS's SDK as segments have it: QueueUrl is queue_url.
func SnakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
