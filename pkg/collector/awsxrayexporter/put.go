package awsxrayexporter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAnswer bounds what is read of an answer, in bytes. Fifty unprocessed
// documents take some 10 KB.
const maxAnswer = 1 << 20

// putSegments implements backend. sent tells that data is free to be used again:
// of a request that ended early the transport may still read it.
//
// AWS's client builds a chain of some forty handlers for each request, which
// costs more than the translation of the spans in it. So it makes one request,
// the template, at the start; each put is a copy of that with AWS's signature.
// What is answered, unless it is that all is well, and what fails goes through
// AWS's client, which knows the errors.
func (c *client) putSegments(ctx context.Context, data []byte) (_ []types.UnprocessedTraceSegment, sent bool, _ error) {
	answer, sent, err := c.send(ctx, data)
	if err == nil && answer.StatusCode == http.StatusOK && isAllProcessed(answer.text) {
		return nil, sent, nil
	}
	if err == nil {
		c.followClock(&answer.Response)
	}
	out, err := c.xray.PutTraceSegments(ctx, noSegments, func(o *xray.Options) {
		o.Credentials = noCredentials
		o.HTTPClient = replay{answer, err}
	})
	if err != nil {
		return nil, sent, err
	}
	return out.UnprocessedTraceSegments, sent, nil
}

// isAllProcessed knows the answer to a put that X-Ray has taken whole, as it
// writes it; an answer of other forms is read by AWS's client.
func isAllProcessed(text []byte) bool {
	return string(bytes.TrimSpace(text)) == `{"UnprocessedTraceSegments":[]}`
}

// noSegments and noCredentials are for calls of AWS's client that do not send.
var (
	noSegments    = &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{}}
	noCredentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none"}, nil
	})
)

// An answer is a response with what could be read of its body.
type answer struct {
	http.Response
	text    []byte
	reading error // why not all could be read
}

// send sends one signed request. sent is as of putSegments.
func (c *client) send(ctx context.Context, data []byte) (_ *answer, sent bool, _ error) {
	keys, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, true, err
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	var wrote atomic.Bool
	request := c.template.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { wrote.Store(info.Err == nil) },
	}))
	// The transport knows this reader as memory: it sends header and body in one.
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	hash := sha256.Sum256(data)
	at := time.Now().Add(time.Duration(c.offset.Load()))
	if err := c.signer.SignHTTP(ctx, keys, request, hex.EncodeToString(hash[:]), "xray", c.region, at); err != nil {
		return nil, true, fmt.Errorf("sign: %w", err)
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, wrote.Load(), err
	}
	defer response.Body.Close()
	a := &answer{Response: *response}
	a.text, a.reading = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return a, wrote.Load(), nil
}

// followClock takes over the time of an answer to a request that was refused
// if it is far from ours: signatures hold for five minutes.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
func (c *client) followClock(response *http.Response) {
	if response.StatusCode/100 != 4 {
		return
	}
	theirs, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return
	}
	ours := time.Now().Add(time.Duration(c.offset.Load()))
	if theirs.Sub(ours).Abs() > time.Minute {
		c.offset.Store(int64(time.Until(theirs)))
	}
}

// A replay gives AWS's client an answer that is there already.
type replay struct {
	answer *answer
	err    error
}

// Do implements xray.HTTPClient.
func (r replay) Do(request *http.Request) (*http.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	response := r.answer.Response
	response.Request = request
	var body io.Reader = bytes.NewReader(r.answer.text)
	if r.answer.reading != nil {
		body = io.MultiReader(body, failing{r.answer.reading})
	}
	response.Body = io.NopCloser(body)
	return &response, nil
}

// A failing reader has only an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// errTemplate ends the call that makes the template.
var errTemplate = errors.New("not sent")

// newTemplate returns the request that AWS's client would send, with the URL
// and the headers that follow from the configuration, unsigned and empty.
func (c *client) newTemplate(ctx context.Context) (*http.Request, error) {
	var template *http.Request
	take := middleware.FinalizeMiddlewareFunc("TakeTemplate",
		func(ctx context.Context, in middleware.FinalizeInput, _ middleware.FinalizeHandler) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
			request, ok := in.Request.(*smithyhttp.Request)
			if !ok {
				return out, meta, fmt.Errorf("unknown request %T", in.Request)
			}
			template = request.Build(context.WithoutCancel(ctx))
			return out, meta, errTemplate
		})
	_, err := c.xray.PutTraceSegments(ctx, noSegments, func(o *xray.Options) {
		o.Credentials = noCredentials
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(take, "ResolveEndpointV2", middleware.After)
		})
	})
	if !errors.Is(err, errTemplate) {
		return nil, err
	}
	for _, perCall := range []string{"Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "X-Amzn-Trace-Id", "Content-Length"} {
		template.Header.Del(perCall)
	}
	template.Body, template.GetBody = nil, nil
	return template, nil
}
