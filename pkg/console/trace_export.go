package console

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/archive"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
)

// traceSpan answers with the OpenTelemetry span that a row was made of, null if
// it did not come by OTLP.
func (c *console) traceSpan(r *http.Request) (any, error) {
	_, row, err := c.row(r)
	if err != nil {
		return nil, err
	}
	id, err := client.TraceID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	start, err := c.xray.StartTraceRetrieval(ctx, &xray.StartTraceRetrievalInput{
		TraceIds: []string{id}, StartTime: aws.Time(time.Unix(0, 0)), EndTime: aws.Time(c.now().Add(24 * time.Hour)),
	})
	if err != nil {
		return nil, err
	}
	in := &xray.ListRetrievedTracesInput{RetrievalToken: start.RetrievalToken, TraceFormat: types.TraceFormatTypeOtel}
	for {
		page, err := c.xray.ListRetrievedTraces(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Traces {
			for _, s := range t.Spans {
				if aws.ToString(s.Id) == row.ID {
					return json.RawMessage(aws.ToString(s.Document)), nil
				}
			}
		}
		if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
			return nil, nil
		}
	}
}

// traceExport serves a trace as a file that `bragg import` and the console read:
// ?format=documents, otlp, or json as `bragg trace --json` prints it.
func (c *console) traceExport(w http.ResponseWriter, r *http.Request) {
	id, err := client.TraceID(r.PathValue("id"))
	var trace *client.Trace
	if err == nil {
		trace, err = client.GetTrace(r.Context(), c.xray, id)
	} else {
		err = badRequest("This is no trace id", err.Error())
	}
	if err != nil {
		answer(func(*http.Request) (any, error) { return nil, err })(w, r)
		return
	}
	if r.FormValue("format") == "json" {
		writeJSON(w, http.StatusOK, []*client.Trace{trace})
		return
	}
	format, end := archive.Documents, ".jsonl"
	if r.FormValue("format") == string(archive.OTLP) {
		format, end = archive.OTLP, ".otlp.jsonl"
	}
	asFile(w, "trace-"+id+end)
	one := func(_ context.Context, _ archive.Selection, f func([][]byte) error) error { return f(sent(trace)) }
	_, _ = archive.Write(r.Context(), w, format, one, archive.Selection{}, nil) // a client that has gone is nobody's error
}

func asFile(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// sent returns the documents of a trace that somebody sent: not the inferred.
func sent(trace *client.Trace) [][]byte {
	var documents [][]byte
	for i, doc := range trace.Documents {
		if !doc.Inferred {
			documents = append(documents, trace.Raw[i])
		}
	}
	return documents
}
