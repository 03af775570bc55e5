package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"text/template"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/bragg-tracing/bragg/pkg/sdk/xrayattr"
)

const bucket = "loan-documents"

// A document is one to be written and filed. Key is set once it is.
type document struct {
	ApplicationID string `json:"application_id"`
	ClientID      string `json:"client_id"`
	Kind          string `json:"kind"` // letter or credit-report
	Text          string `json:"text"`
	Key           string `json:"key,omitempty"`
}

func letter(d decision) document {
	return document{
		ApplicationID: d.ID, ClientID: d.ClientID, Kind: "letter",
		Text: fmt.Sprintf("Your application for $%d was %s (score %d).", d.Amount, d.Decision, d.Score),
	}
}

// page is what documents files of a document.
var page = template.Must(template.New("page").Parse(
	"To:   {{.ClientID}}\nRef.: {{.ApplicationID}}\n\n{{.Text}}\n"))

// An archive files documents in S3.
type archive struct {
	service *service
	s3      *s3.Client
}

// newDocuments writes documents and keeps them in S3.
func newDocuments(ctx context.Context, s *service) (http.Handler, error) {
	if err := s.startTelemetry(ctx); err != nil {
		return nil, err
	}
	cfg := s.awsConfig(s.cfg.S3Endpoint)
	pathStyle := func(o *s3.Options) { o.UsePathStyle = true }
	untraced := s3.NewFromConfig(cfg, pathStyle)
	if err := untilReady(ctx, func(ctx context.Context) error { return createBucket(ctx, untraced) }); err != nil {
		return nil, err
	}
	a := &archive{s, s3.NewFromConfig(s.traced(cfg), pathStyle)}
	return s.routes(route{"POST /documents", a.file}), nil
}

func createBucket(ctx context.Context, client *s3.Client) error {
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)})
	var owned *types.BucketAlreadyOwnedByYou
	var exists *types.BucketAlreadyExists
	if err != nil && !errors.As(err, &owned) && !errors.As(err, &exists) {
		return fmt.Errorf("create bucket %s: %w", bucket, err)
	}
	return nil
}

func (a *archive) file(r *http.Request) (int, any, error) {
	var doc document
	if err := decode(r, &doc); err != nil {
		return 0, nil, err
	}
	ctx := r.Context()
	annotate(ctx, xrayattr.Annotation("client_id", doc.ClientID), xrayattr.Annotation("document_kind", doc.Kind))
	if doc.ApplicationID == "" || doc.ClientID == "" || doc.Kind == "" {
		return 0, nil, failed(http.StatusBadRequest, "a document needs application_id, client_id and kind")
	}
	var content bytes.Buffer
	if err := a.service.step(ctx, "render document", func(context.Context) error {
		return page.Execute(&content, doc)
	}); err != nil {
		return 0, nil, fmt.Errorf("render document: %w", err)
	}
	doc.Key = doc.ClientID + "/" + doc.ApplicationID + "/" + doc.Kind + ".txt"
	_, err := a.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(doc.Key),
		Body: bytes.NewReader(content.Bytes()), ContentType: aws.String("text/plain; charset=utf-8"),
	})
	if err != nil {
		return 0, nil, failed(http.StatusServiceUnavailable, "file %s: %w", doc.Key, err)
	}
	describe(ctx, "document", map[string]any{"bucket": bucket, "key": doc.Key, "bytes": content.Len()})
	return http.StatusCreated, doc, nil
}
