// Package carried reads the trace headers that messages carry in their contents,
// where a service has no place for them beside.
package carried

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Member is where the JSON object of a Kinesis record has its trace headers.
const Member = "_trace"

// InData returns the headers in the data of a Kinesis record, nil if it is not
// a JSON object that has them.
func InData(data []byte) map[string]string {
	if !bytes.Contains(data, []byte(`"`+Member+`"`)) {
		return nil
	}
	var record struct {
		Trace map[string]string `json:"_trace"`
	}
	if json.Unmarshal(data, &record) != nil { // the consumer's own parser will tell
		return nil
	}
	return record.Trace
}

// InNotification returns the headers in what SNS delivers to SQS: a message
// inside of a message, unless raw delivery is on.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
func InNotification(body string) map[string]string {
	if !strings.HasPrefix(strings.TrimLeft(body, " \r\n\t"), "{") || !strings.Contains(body, `"traceparent"`) {
		return nil
	}
	var notification struct {
		Type              string
		MessageAttributes map[string]struct{ Value string }
	}
	if json.Unmarshal([]byte(body), &notification) != nil || notification.Type != "Notification" {
		return nil
	}
	headers := map[string]string{}
	for name, a := range notification.MessageAttributes {
		headers[name] = a.Value
	}
	return headers
}
