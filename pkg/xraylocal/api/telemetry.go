package api

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

func init() {
	serve("PutTelemetryRecords", (*Handler).putTelemetryRecords)
}

type putTelemetryRecordsRequest struct {
	TelemetryRecords []telemetryRecord `valid:"required"`
	EC2InstanceID    *string           `json:"EC2InstanceId" valid:"len=0..20"`
	Hostname         *string           `valid:"len=0..255"`
	ResourceARN      *string           `valid:"len=0..500"`
}

// A telemetryRecord is what one agent did in about a minute.
// https://docs.aws.amazon.com/xray/latest/api/API_TelemetryRecord.html
type telemetryRecord struct {
	Timestamp               *float64 `valid:"required"`
	SegmentsReceivedCount   int
	SegmentsSentCount       int
	SegmentsSpilloverCount  int
	SegmentsRejectedCount   int
	BackendConnectionErrors *backendConnectionErrors
}

type backendConnectionErrors struct {
	TimeoutCount           int
	ConnectionRefusedCount int
	HTTPCode4XXCount       int
	HTTPCode5XXCount       int
	UnknownHostCount       int
	OtherCount             int
}

// errorKinds are the ways in which a connection to X-Ray fails.
var errorKinds = []struct {
	name  string
	count func(*backendConnectionErrors) int
}{
	{"timeout", func(e *backendConnectionErrors) int { return e.TimeoutCount }},
	{"connection refused", func(e *backendConnectionErrors) int { return e.ConnectionRefusedCount }},
	{"HTTP 4xx", func(e *backendConnectionErrors) int { return e.HTTPCode4XXCount }},
	{"HTTP 5xx", func(e *backendConnectionErrors) int { return e.HTTPCode5XXCount }},
	{"unknown host", func(e *backendConnectionErrors) int { return e.UnknownHostCount }},
	{"other", func(e *backendConnectionErrors) int { return e.OtherCount }},
}

// failed adds up how connections failed.
func (a *Agent) failed(e *backendConnectionErrors) {
	if e == nil {
		return
	}
	if a.ErrorsBy == nil {
		a.ErrorsBy = make(map[string]int)
	}
	for _, kind := range errorKinds {
		if n := kind.count(e); n > 0 {
			a.Errors = clamp(a.Errors + n)
			a.ErrorsBy[kind.name] = clamp(a.ErrorsBy[kind.name] + n)
		}
	}
}

// maxAgents bounds how many agents of a namespace are remembered.
const maxAgents = 1000

// An Agent is what is remembered of a daemon, collector or SDK that sends
// telemetry: its last records, and the sums of all.
type Agent struct {
	Hostname      string
	EC2InstanceID string
	ResourceARN   string
	LastSeen      float64 // epoch seconds, by this machine's clock
	Received      int     // segments, of all its records
	Sent          int
	Spilled       int
	Rejected      int
	Errors        int            // connections to X-Ray that failed
	ErrorsBy      map[string]int // those, by how: see errorKinds
}

// putTelemetryRecords takes what agents say of themselves. X-Ray has no
// operation to read it back; Agents does.
func (h *Handler) putTelemetryRecords(ctx context.Context, in *putTelemetryRecordsRequest) (any, error) {
	agent := Agent{Hostname: text(in.Hostname), EC2InstanceID: text(in.EC2InstanceID), ResourceARN: text(in.ResourceARN)}
	key := cmp.Or(agent.EC2InstanceID, agent.Hostname, agent.ResourceARN, "unnamed")
	err := modifyOne(ctx, h.storeOf(ctx), kindAgent, key, func(all map[string]*Agent) (*Agent, error) {
		if old := all[key]; old != nil {
			agent = *old
		} else if len(all) >= maxAgents {
			return nil, invalidRequest("There are more than %d agents", maxAgents)
		}
		agent.LastSeen = second(h.now())
		for _, r := range in.TelemetryRecords {
			agent.Received = clamp(agent.Received + r.SegmentsReceivedCount)
			agent.Sent = clamp(agent.Sent + r.SegmentsSentCount)
			agent.Spilled = clamp(agent.Spilled + r.SegmentsSpilloverCount)
			agent.Rejected = clamp(agent.Rejected + r.SegmentsRejectedCount)
			agent.failed(r.BackendConnectionErrors)
		}
		return &agent, nil
	})
	return struct{}{}, err
}

// Agents returns what has sent telemetry, by name. It is for a console: the caller
// of ctx is nobody in particular.
func (h *Handler) Agents(ctx context.Context) ([]Agent, error) {
	all, err := loadAll[Agent](ctx, h.ownStore(), kindAgent)
	if err != nil {
		return nil, err
	}
	var agents []Agent
	for _, key := range slices.Sorted(maps.Keys(all)) {
		agents = append(agents, *all[key])
	}
	return agents, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
