// Package awsv1 makes subsegments of the calls of clients of the AWS SDK for
// Go, version 1. It has the functions that version 1 of the X-Ray SDK had in
// its package xray, in a module of its own: that version of AWS's SDK has
// reached its end of support, and who does not use it should not get it.
package awsv1

//lint:file-ignore SA1019 this is for who still uses that SDK

import (
	"os"

	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/awscalls"
)

// AWS makes subsegments of the calls of a client, such as svc.Client of a
// DynamoDB client svc. It panics if c is nil.
func AWS(c *client.Client) {
	if c == nil {
		panic("Please initialize the provided AWS client before passing to the AWS() method.")
	}
	trace(&c.Handlers, awscalls.Default)
}

// AWSWithWhitelist is AWS with a file that says which parameters are recorded,
// in the X-Ray SDKs' format. If it cannot be read, the default ones are.
func AWSWithWhitelist(c *client.Client, filename string) {
	if c == nil {
		panic("Please initialize the provided AWS client before passing to the AWSWithWhitelist() method.")
	}
	trace(&c.Handlers, table(filename))
}

// AWSSession makes subsegments of the calls of all clients that are made with a
// session, which it returns.
func AWSSession(s *session.Session) *session.Session {
	trace(&s.Handlers, awscalls.Default)
	return s
}

// AWSSessionWithWhitelist is AWSSession with a file as AWSWithWhitelist has it.
func AWSSessionWithWhitelist(s *session.Session, filename string) *session.Session {
	trace(&s.Handlers, table(filename))
	return s
}

func table(filename string) *awscalls.Table {
	if filename == "" {
		return awscalls.Default
	}
	content, err := os.ReadFile(filename)
	if err != nil {
		return awscalls.Unreadable(filename, err)
	}
	t, err := awscalls.Parse(content)
	if err != nil {
		return awscalls.Unreadable(filename, err)
	}
	return t
}

// trace adds the handlers of the steps of a request, which are those of
// https://docs.aws.amazon.com/sdk-for-go/v1/developer-guide/handlers.html
func trace(h *request.Handlers, t *awscalls.Table) {
	h.Validate.PushFrontNamed(request.NamedHandler{Name: "XRayBeforeValidateHandler", Fn: begin})
	h.Build.PushBackNamed(request.NamedHandler{Name: "XRayAfterBuildHandler", Fn: endStep})
	h.Sign.PushFrontNamed(request.NamedHandler{Name: "XRayBeforeSignHandler", Fn: beginAttempt})
	h.Unmarshal.PushFrontNamed(request.NamedHandler{Name: "XRayBeforeUnmarshalHandler", Fn: func(r *request.Request) { beginStep(r, "unmarshal") }})
	h.Unmarshal.PushBackNamed(request.NamedHandler{Name: "XRayAfterUnmarshalHandler", Fn: endStep})
	h.Retry.PushFrontNamed(request.NamedHandler{Name: "XRayBeforeRetryHandler", Fn: func(r *request.Request) { beginStep(r, "wait") }})
	h.AfterRetry.PushBackNamed(request.NamedHandler{Name: "XRayAfterRetryHandler", Fn: endStep})
	h.Complete.PushFrontNamed(request.NamedHandler{Name: "XRayCompleteHandler", Fn: func(r *request.Request) { complete(r, t) }})
}
