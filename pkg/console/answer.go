package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/filter"
)

// A problem is the answer when something did not work. Pages show it, with a
// way to try again.
type problem struct {
	Status int    `json:"-"`
	Title  string `json:"title"`            // what did not work, a sentence without full stop
	Detail string `json:"detail,omitempty"` // why, and what to do
	// Where in the filter expression it is wrong, counted in characters from 1.
	Column int `json:"column,omitempty"`
	Length int `json:"length,omitempty"`
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

// answer makes a handler that writes what f returns as JSON, or the problem
// that its error is.
func answer(f func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := f(r)
		if err != nil {
			if r.Context().Err() != nil {
				return // the browser has gone, and this is why it failed
			}
			p := problemOf(err)
			writeJSON(w, p.Status, p)
			return
		}
		writeJSON(w, http.StatusOK, value)
	}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status = http.StatusInternalServerError
		body, _ = json.Marshal(&problem{Title: "The answer cannot be written as JSON", Detail: err.Error()})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is nobody's error
}

// problemOf says what an error is to a page.
func problemOf(err error) *problem {
	var p *problem
	var syntax *filter.SyntaxError
	var call smithy.APIError
	var response *smithyhttp.ResponseError
	var refused interface{ Refusal() string } // the API's, without the detour over HTTP
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &syntax):
		return &problem{Status: http.StatusBadRequest, Title: "The filter expression is wrong",
			Detail: syntax.Message, Column: syntax.Column, Length: syntax.Length}
	case errors.Is(err, client.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Title: "No such trace",
			Detail: "X-Ray Local has no trace with this id. It may not have arrived yet, or was deleted for its age."}
	case errors.As(err, &call) && errors.As(err, &response) && response.HTTPStatusCode() < 500:
		return &problem{Status: http.StatusBadRequest, Title: "X-Ray Local refused the request", Detail: call.ErrorMessage()}
	case errors.As(err, &refused) && refused.Refusal() != "":
		return &problem{Status: http.StatusBadRequest, Title: "X-Ray Local refused the request", Detail: refused.Refusal()}
	default:
		return &problem{Status: http.StatusBadGateway, Title: "X-Ray Local could not answer", Detail: err.Error()}
	}
}

func badRequest(title, detail string) error {
	return &problem{Status: http.StatusBadRequest, Title: title, Detail: detail}
}

// selection reads which traces a page shows: from and to in seconds since the
// epoch, and filter. The default is the last 15 minutes, without filter. The
// expression has been parsed. Limit is 0: it is the caller's to set.
func (c *console) selection(r *http.Request) (client.Query, error) {
	to := c.now()
	q := client.Query{From: to.Add(-15 * time.Minute), To: to, Filter: r.FormValue("filter")}
	var err error
	if q.From, q.To, err = timesOf(r.FormValue("from"), r.FormValue("to"), q); err != nil {
		return q, err
	}
	_, err = filter.Parse(q.Filter)
	return q, err
}

// timesOf reads a time range, in seconds since the epoch; what is "" is that of q.
func timesOf(from, to string, q client.Query) (start, end time.Time, err error) {
	for _, t := range []struct {
		name, text string
		at         *time.Time
	}{{"from", from, &q.From}, {"to", to, &q.To}} {
		if t.text == "" {
			continue
		}
		seconds, err := strconv.ParseFloat(t.text, 64)
		if err != nil || !(seconds >= 0 && seconds < 1e11) { // NaN is neither
			return start, end, badRequest("The time range cannot be read", t.name+"="+t.text+" must be seconds since 1970")
		}
		*t.at = time.UnixMicro(int64(seconds * 1e6))
	}
	if !q.From.Before(q.To) {
		return start, end, badRequest("The time range is empty", "its start must be before its end")
	}
	return q.From, q.To, nil
}

// maxBody bounds what a page sends, in bytes.
const maxBody = 1 << 20

func readJSON(r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return badRequest("The request cannot be read", err.Error())
	}
	return nil
}
