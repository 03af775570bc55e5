// Package lambda helps Lambda functions that take messages from SQS.
package lambda

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// IsSampled reports whether the trace that sent a message is recorded: whether
// the message's AWSTraceHeader says Sampled=1.
func IsSampled(sqsMessge events.SQSMessage) bool {
	return strings.Contains(sqsMessge.Attributes["AWSTraceHeader"], "Sampled=1")
}
