package console

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A figure is a counter of the collector: how much since it started, and how
// much a second of late. It is null where this collector does not count.
type figure struct {
	Total float64  `json:"total"`
	Rate  *float64 `json:"rate"` // null until there are two scrapes
}

// A collectorState is what the collector's metrics say of traces.
type collectorState struct {
	Version   string     `json:"version"`
	Name      string     `json:"name"`
	Uptime    *float64   `json:"uptime"` // seconds
	Memory    *float64   `json:"memory"` // bytes, resident
	Over      float64    `json:"over"`   // seconds that rates are over; 0 if there are none yet
	Receivers []receiver `json:"receivers"`
	// Refused are spans that the memory limiter has not let in.
	Refused *figure  `json:"refused"`
	Pipes   []pipe   `json:"pipes"`
	Lacks   []string `json:"lacks"` // figures of the whole that it does not report
}

type receiver struct {
	ID        string             `json:"id"`
	Accepted  *figure            `json:"accepted"`
	Refused   *figure            `json:"refused"` // by what comes after it
	Failed    *figure            `json:"failed"`
	Datagrams *figure            `json:"datagrams"` // of our awsxray receiver
	Dropped   map[string]float64 `json:"dropped"`   // documents, by reason
	Lacks     []string           `json:"lacks"`     // figures that it does not report
}

// A pipe is one exporter and what is before it.
type pipe struct {
	Exporter  string   `json:"exporter"`
	Backend   string   `json:"backend"` // "AWS X-Ray", "New Relic" or the exporter's id
	Off       bool     `json:"off"`     // what comes here is thrown away, on purpose
	Queue     *queue   `json:"queue"`
	InFlight  *float64 `json:"inFlight"` // requests
	Sent      *figure  `json:"sent"`     // spans
	Failed    *figure  `json:"failed"`   // spans given up
	Overflown *figure  `json:"overflown"`
	// The rest is of our awsxray exporter, in documents.
	Retried     *figure            `json:"retried"`
	Throttled   *figure            `json:"throttled"`
	Trimmed     *figure            `json:"trimmed"`
	Dropped     map[string]float64 `json:"dropped"`     // by reason, null if not reported
	Unprocessed map[string]float64 `json:"unprocessed"` // by code, null if not reported
	Latency     *float64           `json:"latency"`     // seconds of a request, on average
	Lacks       []string           `json:"lacks"`       // figures that it does not report
	History     []historyPoint     `json:"history"`
}

type queue struct {
	Size     float64 `json:"size"`
	Capacity float64 `json:"capacity"` // in what its sizer counts: spans, requests or bytes
}

type historyPoint struct {
	At    float64  `json:"at"`
	Sent  float64  `json:"sent"`  // a second
	Queue *float64 `json:"queue"` // share that is full
}

const (
	labelExporter = "exporter"
	labelReceiver = "receiver"
	exporterOwn   = "otelcol_exporter_awsxray_"
)

// collectorStateOf reads the state of a collector out of its scrapes, at least one.
func collectorStateOf(scrapes []scrape) collectorState {
	f := figures{all: scrapes, last: scrapes[len(scrapes)-1]}
	f.first = f.last
	for _, s := range slices.Backward(scrapes) {
		if f.last.at.Sub(s.at) > rateOver {
			break
		}
		f.first = s
	}
	state := collectorState{
		Uptime: f.gauge("otelcol_process_uptime", nil), Memory: f.gauge("otelcol_process_memory_rss", nil),
		Over: f.last.at.Sub(f.first.at).Seconds(), Receivers: []receiver{}, Pipes: []pipe{}, Lacks: []string{},
	}
	if about := f.last.series("target_info", nil); len(about) > 0 {
		state.Name = cmp.Or(labelOf(about[0], "service_name"), labelOf(about[0], "service.name"))
		state.Version = cmp.Or(labelOf(about[0], "service_version"), labelOf(about[0], "service.version"))
	}
	state.Refused = f.first2("otelcol_processor_refused_spans", "otelcol_processor_memory_limiter_refused_spans")
	if state.Refused == nil && f.last.sum("otelcol_processor_memory_limiter_accepted_spans", nil).known {
		state.Refused = f.zero() // it counts the first when there is one
	}
	lacks(&state.Lacks, "uptime", state.Uptime == nil)
	lacks(&state.Lacks, "memory", state.Memory == nil)
	for _, id := range f.ids(labelReceiver, "otelcol_receiver_accepted_spans", "otelcol_receiver_awsxray_received_datagrams") {
		state.Receivers = append(state.Receivers, f.receiver(id))
	}
	// What is counted from the first span on is not lacking before.
	some := slices.ContainsFunc(state.Receivers, func(r receiver) bool { return r.Accepted != nil && r.Accepted.Total > 0 })
	lacks(&state.Lacks, "what the memory limiter refused", state.Refused == nil && some)
	exporters := f.ids(labelExporter, "otelcol_exporter_sent_spans", "otelcol_exporter_send_failed_spans")
	for _, m := range f.last.series("otelcol_exporter_queue_capacity", map[string]string{"data_type": "traces"}) {
		exporters = append(exporters, labelOf(m, labelExporter))
	}
	slices.Sort(exporters)
	for _, id := range slices.Compact(exporters) {
		state.Pipes = append(state.Pipes, f.pipe(id))
	}
	slices.SortStableFunc(state.Pipes, func(a, b pipe) int { return cmp.Compare(backendOrder(a), backendOrder(b)) })
	return state
}

// backendOrder puts X-Ray first and what is switched off last.
func backendOrder(p pipe) int {
	switch {
	case p.Off:
		return 3
	case p.Backend == backendXRay:
		return 0
	case p.Backend == backendNewRelic:
		return 1
	}
	return 2
}

// figures reads counters out of scrapes.
type figures struct {
	all         []scrape
	first, last scrape // between which rates are
}

// ids are the values of a label, sorted.
func (f *figures) ids(label string, names ...string) []string {
	ids := map[string]bool{}
	for _, name := range names {
		for _, m := range f.last.series(name, nil) {
			ids[labelOf(m, label)] = true
		}
	}
	delete(ids, "")
	return slices.Sorted(maps.Keys(ids))
}

// counter is nil if the collector has no such series.
func (f *figures) counter(name string, want map[string]string) *figure {
	now := f.last.sum(name, want)
	if !now.known {
		return nil
	}
	return f.figureOf(now.value, f.first.sum(name, want).value)
}

// orZero is counter for what is counted from the first time on that there is
// something to count.
func (f *figures) orZero(name string, want map[string]string) *figure {
	if c := f.counter(name, want); c != nil {
		return c
	}
	return f.zero()
}

func (f *figures) zero() *figure { return f.figureOf(0, 0) }

func (f *figures) figureOf(now, before float64) *figure {
	fig := &figure{Total: now}
	if over := f.last.at.Sub(f.first.at).Seconds(); over > 0 {
		rate := max(now-before, 0) / over
		fig.Rate = &rate
	}
	return fig
}

func (f *figures) first2(names ...string) *figure {
	for _, name := range names {
		if c := f.counter(name, nil); c != nil {
			return c
		}
	}
	return nil
}

func (f *figures) gauge(name string, want map[string]string) *float64 {
	if r := f.last.sum(name, want); r.known {
		return &r.value
	}
	return nil
}

func (f *figures) receiver(id string) receiver {
	of := map[string]string{labelReceiver: id}
	r := receiver{
		ID:       id,
		Accepted: f.counter("otelcol_receiver_accepted_spans", of), Refused: f.counter("otelcol_receiver_refused_spans", of),
		Failed: f.counter("otelcol_receiver_failed_spans", of), Datagrams: f.counter("otelcol_receiver_awsxray_received_datagrams", of),
		Lacks: []string{},
	}
	if r.Accepted == nil && r.Datagrams != nil { // ours, before its first document
		r.Accepted, r.Refused, r.Failed = f.zero(), f.zero(), f.zero()
	}
	if r.Datagrams != nil {
		r.Dropped = f.last.by("otelcol_receiver_awsxray_dropped_documents", "reason", of)
	}
	lacks(&r.Lacks, "failures", r.Failed == nil)
	lacks(&r.Lacks, "datagrams", typeOf(id) == "awsxray" && r.Datagrams == nil)
	lacks(&r.Lacks, "documents dropped by reason", typeOf(id) == "awsxray" && r.Datagrams == nil)
	return r
}

func lacks(all *[]string, what string, is bool) {
	if is {
		*all = append(*all, what)
	}
}

const (
	backendXRay     = "AWS X-Ray"
	backendNewRelic = "New Relic"
)

// typeOf is the type of a component's id, "otlp" of "otlp/newrelic".
func typeOf(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return kind
}

func backendOf(exporter string) string {
	switch {
	case typeOf(exporter) == "awsxray":
		return backendXRay
	case strings.Contains(strings.ToLower(exporter), "newrelic"):
		return backendNewRelic
	}
	return exporter
}

func (f *figures) pipe(id string) pipe {
	of := map[string]string{labelExporter: id}
	traces := map[string]string{labelExporter: id, "data_type": "traces"}
	p := pipe{
		Exporter: id, Backend: backendOf(id), Off: typeOf(id) == "debug" || typeOf(id) == "nop", Lacks: []string{},
		// exporterhelper counts these from the first on.
		Sent: f.orZero("otelcol_exporter_sent_spans", of), Failed: f.orZero("otelcol_exporter_send_failed_spans", of),
		InFlight: f.gauge("otelcol_exporter_in_flight_requests", traces),
	}
	if capacity := f.last.sum("otelcol_exporter_queue_capacity", traces); capacity.known {
		p.Queue = &queue{Size: f.last.sum("otelcol_exporter_queue_size", traces).value, Capacity: capacity.value}
		p.Overflown = f.orZero("otelcol_exporter_enqueue_failed_spans", of)
	}
	if typeOf(id) == "awsxray" && (p.Queue != nil || f.hasOwn(of)) {
		p.Retried, p.Throttled = f.orZero(exporterOwn+"retried_documents", of), f.orZero(exporterOwn+"throttled_documents", of)
		p.Trimmed = f.orZero(exporterOwn+"trimmed_documents", of)
		p.Dropped = f.last.by(exporterOwn+"dropped_documents", "reason", of)
		p.Unprocessed = f.last.by(exporterOwn+"unprocessed_documents", "code", of)
		p.Latency = f.latency(of)
	}
	if !p.Off {
		lacks(&p.Lacks, "queue", p.Queue == nil)
		lacks(&p.Lacks, "retries", p.Retried == nil)
		lacks(&p.Lacks, "throttling", p.Throttled == nil)
		lacks(&p.Lacks, "drops by reason", p.Dropped == nil)
		lacks(&p.Lacks, "requests in flight", p.InFlight == nil && p.Sent.Total+p.Failed.Total > 0)
		if typeOf(id) == "awsxray" {
			lacks(&p.Lacks, "documents unprocessed by code", p.Unprocessed == nil)
			lacks(&p.Lacks, "documents trimmed", p.Trimmed == nil)
			lacks(&p.Lacks, "time of a request", p.Retried == nil)
		}
	}
	p.History = f.history(of, traces)
	return p
}

// hasOwn says whether there are metrics of our awsxray exporter.
func (f *figures) hasOwn(of map[string]string) bool {
	for name := range f.last.families {
		if strings.HasPrefix(name, exporterOwn) && len(f.last.series(name, of)) > 0 {
			return true
		}
	}
	return false
}

// latency is the average of what requests took of late, or since the start.
func (f *figures) latency(of map[string]string) *float64 {
	read := func(s scrape) (sum float64, count float64) {
		for _, m := range s.series(exporterOwn+"put_duration", of) {
			sum += m.GetHistogram().GetSampleSum()
			count += float64(m.GetHistogram().GetSampleCount())
		}
		return sum, count
	}
	sum, count := read(f.last)
	before, n := read(f.first)
	if count > n {
		sum, count = sum-before, count-n
	}
	if count == 0 {
		return nil
	}
	mean := sum / count
	return &mean
}

// history is how much was sent between scrapes, and how full the queue was.
func (f *figures) history(of, traces map[string]string) []historyPoint {
	points := []historyPoint{}
	for i := 1; i < len(f.all); i++ {
		before, s := f.all[i-1], f.all[i]
		over := s.at.Sub(before.at).Seconds()
		if over <= 0 {
			continue
		}
		const sent = "otelcol_exporter_sent_spans"
		point := historyPoint{At: seconds(s.at), Sent: max(s.sum(sent, of).value-before.sum(sent, of).value, 0) / over}
		if capacity := s.sum("otelcol_exporter_queue_capacity", traces); capacity.known && capacity.value > 0 {
			share := s.sum("otelcol_exporter_queue_size", traces).value / capacity.value
			point.Queue = &share
		}
		points = append(points, point)
	}
	return points
}
