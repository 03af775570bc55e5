package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const xrayPart = "X-Ray"

func (d *doctor) xray(ctx context.Context) {
	if !d.credentials(ctx) {
		return
	}
	if !d.put(ctx) {
		return
	}
	d.call(ctx, "sampling rules", "xray:GetSamplingRules and xray:GetSamplingTargets (AWSXRayDaemonWriteAccess has them): without them the SDKs sample by their fallback", Warn, func(ctx context.Context) (string, error) {
		out, err := d.XRay.API.GetSamplingRules(ctx, &xray.GetSamplingRulesInput{})
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%d sampling rules can be read", len(out.SamplingRuleRecords)), nil
	})
	d.call(ctx, "reading traces", "xray:GetTraceSummaries and xray:BatchGetTraces (AWSXrayReadOnlyAccess has them): `bragg verify` needs them, a service does not", Warn, func(ctx context.Context) (string, error) {
		now := time.Now()
		_, err := d.XRay.API.GetTraceSummaries(ctx, &xray.GetTraceSummariesInput{StartTime: aws.Time(now.Add(-time.Minute)), EndTime: aws.Time(now)})
		return "traces can be read", err
	})
	d.destination(ctx)
}

// credentials says whose they are, and how long they last.
func (d *doctor) credentials(ctx context.Context) bool {
	if d.XRay.Credentials == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	credentials, err := d.XRay.Credentials.Retrieve(ctx)
	if err != nil {
		d.add(xrayPart, "credentials", Fail, "there are no AWS credentials: "+oneLine(err), "set AWS_PROFILE, log in with `aws sso login`, or run where a task or instance role is")
		return false
	}
	if left := time.Until(credentials.Expires); credentials.CanExpire && left < 15*time.Minute {
		d.add(xrayPart, "credentials", Warn, fmt.Sprintf("the credentials from %s expire in %s", credentials.Source, left.Round(time.Second)), "log in again; a role renews them by itself")
	}
	if d.XRay.STS == nil {
		return true
	}
	me, err := d.XRay.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		found, remedy := explain(err)
		d.add(xrayPart, "credentials", Fail, "AWS does not take the credentials from "+credentials.Source+": "+found, remedy)
		return false
	}
	d.add(xrayPart, "credentials", OK, fmt.Sprintf("%s, from %s", aws.ToString(me.Arn), credentials.Source), "")
	return true
}

// put tries to send a document that X-Ray refuses by its form: whoever may not
// put is told so before, and nothing is stored.
func (d *doctor) put(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var date string
	_, err := d.XRay.API.PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{`{"bragg":"doctor"}`}}, func(o *xray.Options) {
		o.APIOptions = append(o.APIOptions, keepDate(&date))
	})
	var api smithy.APIError
	switch {
	case err == nil, errors.As(err, &api) && api.ErrorCode() == "InvalidRequestException":
		d.add(xrayPart, "endpoint", OK, d.XRay.Where+" answers", "")
		d.add(xrayPart, "sending", OK, "segments may be put (tried with a document that cannot be stored)", "")
	default:
		found, remedy := explain(err)
		if d.XRay.Credentials == nil && unreachable(err) {
			remedy = "start X-Ray Local: `bragg up`, or `bragg local`"
		}
		d.add(xrayPart, "sending", Fail, d.XRay.Where+": "+found, remedy)
	}
	d.clock(xrayPart, date)
	return !unreachable(err)
}

func (d *doctor) call(ctx context.Context, name, permission, state string, do func(context.Context) (string, error)) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found, err := do(ctx)
	if err == nil {
		d.add(xrayPart, name, OK, found, "")
		return
	}
	why, remedy := explain(err)
	if denied(err) {
		remedy = "allow " + permission
	}
	d.add(xrayPart, name, state, why, remedy)
}

// destination warns where traces go to CloudWatch Logs, and X-Ray shows only
// those that are indexed.
func (d *doctor) destination(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	out, err := d.XRay.API.GetTraceSegmentDestination(ctx, &xray.GetTraceSegmentDestinationInput{})
	if err == nil && out.Destination == "CloudWatchLogs" {
		d.add(xrayPart, "destination", Warn, "Transaction Search is on: traces go to CloudWatch Logs, and X-Ray's own pages show only what the indexing rule picks", "raise the share of aws xray update-indexing-rule for `bragg verify`")
	}
}

// keepDate keeps the Date header of an answer.
func keepDate(date *string) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("KeepDate", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if resp, ok := out.RawResponse.(*smithyhttp.Response); ok {
				*date = resp.Header.Get("Date")
			}
			return out, metadata, err
		}), middleware.After)
	}
}

// The most that this machine's clock may be off: AWS refuses signatures that are
// five minutes old, and people compare times between hosts.
const (
	clockFine  = 2 * time.Second
	clockLimit = 5 * time.Minute
)

func (d *doctor) clock(part, date string) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return // no answer, or one without a date
	}
	off := time.Since(theirs).Round(time.Second)
	remedy := "keep time by NTP (on AWS: chrony with 169.254.169.123)"
	switch {
	case off.Abs() <= clockFine:
		d.add(part, "clock", OK, "this machine's clock agrees within 2 s", "")
	case off.Abs() < clockLimit:
		d.add(part, "clock", Warn, fmt.Sprintf("this machine's clock is %s off: spans are drawn shifted", off), remedy)
	default:
		d.add(part, "clock", Fail, fmt.Sprintf("this machine's clock is %s off: AWS refuses its signatures", off), remedy)
	}
}

func unreachable(err error) bool {
	var dial *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dial) || errors.As(err, &dns) || errors.Is(err, context.DeadlineExceeded)
}

// network returns the part of an error that is about the network.
func network(err error) string {
	var dial *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &dial):
		return dial.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "none in " + checkTimeout.String()
	}
	return oneLine(err)
}

func denied(err error) bool {
	var resp *awshttp.ResponseError
	return errors.As(err, &resp) && resp.HTTPStatusCode() == http.StatusForbidden
}

// explain says what an error of AWS means and what to do.
func explain(err error) (found, remedy string) {
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		found = api.ErrorCode()
		if m := api.ErrorMessage(); m != "" {
			found += ": " + m
		}
		switch api.ErrorCode() {
		case "AccessDeniedException", "AccessDenied":
			return found, "allow xray:PutTraceSegments and xray:PutTelemetryRecords, as AWSXRayDaemonWriteAccess does"
		case "ExpiredTokenException", "ExpiredToken":
			return found, "log in again: `aws sso login`"
		case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch":
			return found, "check the profile and the region: AWS does not know these credentials there"
		case "ThrottledException":
			return found, "too many calls in this account: try again, or sample less"
		}
		return found, "see https://docs.aws.amazon.com/xray/latest/api/CommonErrors.html"
	case unreachable(err):
		return "no answer: " + network(err), "check the endpoint and region, DNS, security groups, and whether a VPC endpoint com.amazonaws.REGION.xray is needed"
	}
	return oneLine(err), "read the message"
}
