package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/api"
)

// pipeRoutes serves the health of the pipe.
func (c *console) pipeRoutes(mux *http.ServeMux) {
	if c.cfg.CollectorMetrics != "" {
		c.metrics = newScraper(c.cfg.CollectorMetrics, c.now)
	}
	mux.HandleFunc("GET /console/api/pipe", answer(c.pipe))
	mux.HandleFunc("GET /console/api/pipe/refused", answer(c.refusedDocument))
	c.samplingRoutes(mux)
}

// A pipeAnswer is the health of the collector and of what comes in beside it.
type pipeAnswer struct {
	Metrics   string          `json:"metrics"`   // where they are read, "" if nowhere
	Collector *collectorState `json:"collector"` // null if it could not be read, ever
	Read      float64         `json:"read"`      // when it was read last
	Error     *problem        `json:"error,omitempty"`
	Refused   refusedList     `json:"refused"`
	Agents    []agent         `json:"agents"` // the last seen first
}

type refusedList struct {
	All    int       `json:"all"` // since the store was made or emptied
	Newest []refusal `json:"newest"`
}

// A refusal is an api.Refusal without the original.
type refusal struct {
	Number    int     `json:"number"`
	Time      float64 `json:"time"`
	By        string  `json:"by"`
	Count     int     `json:"count"`
	Code      string  `json:"code"`
	Reason    string  `json:"reason"`
	Means     string  `json:"means"` // the code in words
	TraceID   string  `json:"traceId"`
	SegmentID string  `json:"segmentId"`
	Size      int     `json:"size"`
}

type agent struct {
	Name     string  `json:"name"`
	Resource string  `json:"resource"`
	LastSeen float64 `json:"lastSeen"`
	Received int     `json:"received"`
	Sent     int     `json:"sent"`
	Spilled  int     `json:"spilled"`
	Rejected int     `json:"rejected"`
	Errors   int     `json:"errors"`
	// ErrorsBy are the errors by how the connection to X-Ray failed.
	ErrorsBy map[string]int `json:"errorsBy"`
}

func (c *console) pipe(r *http.Request) (any, error) {
	out := pipeAnswer{Refused: refusedList{Newest: []refusal{}}, Agents: []agent{}}
	if c.metrics == nil {
		out.Error = &problem{Title: "No metrics of a collector are known", Detail: "Start with --collector-metrics 127.0.0.1:8888, or where the collector serves them."}
	} else {
		out.Metrics = c.metrics.url
		scrapes, err := c.metrics.read(r.Context())
		if err != nil {
			out.Error = problemOf(err)
		}
		if n := len(scrapes); n > 0 {
			state := collectorStateOf(scrapes)
			out.Collector, out.Read = &state, seconds(scrapes[n-1].at)
		}
	}
	if c.insider == nil {
		return out, nil
	}
	newest, all := c.insider.Refusals()
	out.Refused.All = all
	for _, r := range newest {
		out.Refused.Newest = append(out.Refused.Newest, refusal{
			Number: r.Number, Time: seconds(r.Time), By: r.By, Count: r.Count, Code: r.Code, Reason: r.Reason, Means: meaning[r.Code],
			TraceID: r.TraceID, SegmentID: r.SegmentID, Size: r.Size,
		})
	}
	agents, err := c.insider.Agents(r.Context())
	if err != nil {
		return nil, err
	}
	for _, a := range agents {
		out.Agents = append(out.Agents, agentOf(a))
	}
	slices.SortStableFunc(out.Agents, func(a, b agent) int { return cmp.Compare(b.LastSeen, a.LastSeen) })
	return out, nil
}

func agentOf(a api.Agent) agent {
	return agent{
		Name: cmp.Or(a.Hostname, a.EC2InstanceID, "unnamed"), Resource: cmp.Or(a.ResourceARN, a.EC2InstanceID), LastSeen: a.LastSeen,
		Received: a.Received, Sent: a.Sent, Spilled: a.Spilled, Rejected: a.Rejected, Errors: a.Errors, ErrorsBy: a.ErrorsBy,
	}
}

// meaning says what X-Ray's codes for refused documents mean.
var meaning = map[string]string{
	"ParseError":                     "it is no JSON object",
	"MissingId":                      "it has no id",
	"InvalidId":                      "its id is not 16 hexadecimal digits",
	"MissingName":                    "it has no name",
	"InvalidName":                    "its name has characters that X-Ray does not allow, or more than 200",
	"MissingTraceId":                 "it has no trace_id",
	"InvalidTraceId":                 "its trace_id has not the form 1-58406520-a006649127e371903a2de979",
	"MissingStartTime":               "it has no start_time",
	"MissingEndTime":                 "it has no end_time, and does not say that it is in progress",
	"InProgressSegmentHasEndTime":    "it has an end_time and says that it is in progress",
	"InProgressSubsegmentHasEndTime": "a subsegment has an end_time and says that it is in progress",
	"UnknownType":                    `its type is not "subsegment"`,
	"MissingParentId":                "a subsegment that is sent on its own needs the parent_id of its segment",
	"InvalidParentId":                "its parent_id is not 16 hexadecimal digits",
	"InvalidSegment":                 "it is larger than 64 KB",
}

// refusedDocument answers ?number= with the original of a refusal.
func (c *console) refusedDocument(r *http.Request) (any, error) {
	number, err := strconv.Atoi(r.FormValue("number"))
	if err != nil {
		return nil, badRequest("This is no number of a refusal", r.FormValue("number"))
	}
	for _, refusal := range c.refusals() {
		if refusal.Number == number {
			return struct {
				Document string `json:"document"`
				Size     int    `json:"size"`
			}{refusal.Document, refusal.Size}, nil
		}
	}
	return nil, &problem{Status: http.StatusNotFound, Title: "This refusal is not kept any more", Detail: "X-Ray Local keeps the newest 200, of at most 4 MB, as long as it keeps traces."}
}
