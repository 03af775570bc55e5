package client

import (
	"bytes"
	"context"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// withBody calls f with the body of each answer, for what X-Ray Local's have beside
// the members of X-Ray's API: the SDK does not know of it.
func withBody(f func(body []byte)) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Body", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			resp, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok {
				return out, metadata, err
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close() // nobody else can, and the timer of the request runs until then
			if err != nil {
				return out, metadata, err
			}
			resp.Body = io.NopCloser(bytes.NewReader(body))
			f(body)
			return out, metadata, nil
		}), middleware.After)
	}
}
