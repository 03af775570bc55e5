package api

import (
	"context"
	"slices"
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/segment"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/assembly"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/store"
)

// Limits of the graph of retrieved traces.
// https://docs.aws.amazon.com/xray/latest/api/API_GetRetrievedTracesGraph.html
const (
	maxRetrievedServices = 1000 // in a page
	maxGraphLinks        = 100  // of a service
)

func init() {
	serve("GetRetrievedTracesGraph", (*Handler).getRetrievedTracesGraph)
}

type getRetrievedTracesGraphRequest struct {
	RetrievalToken *string `valid:"required,len=0..1020"`
	NextToken      *string
}

type getRetrievedTracesGraphResponse struct {
	NextToken       *string
	RetrievalStatus string
	Services        []retrievedService
}

// A retrievedService is a node, with the links that its segments have to other
// traces.
type retrievedService struct {
	Links   []graphLink
	Service serviceOut
}

type graphLink struct {
	DestinationTraceIDs []string `json:"DestinationTraceIds"`
	ReferenceType       *string
	SourceTraceID       string `json:"SourceTraceId"`
}

// getRetrievedTracesGraph returns the graph of all traces of a retrieval.
func (h *Handler) getRetrievedTracesGraph(ctx context.Context, in *getRetrievedTracesGraphRequest) (any, error) {
	r, status, err := h.retrieved(ctx, *in.RetrievalToken)
	if err != nil {
		return nil, err
	}
	out := getRetrievedTracesGraphResponse{RetrievalStatus: status, Services: []retrievedService{}}
	if status != retrievalComplete {
		return out, nil
	}
	traces, err := r.traces(ctx, h.storeOf(ctx), r.TraceIDs)
	if err != nil {
		return nil, err
	}
	services, err := graphOf(callerOf(ctx), traces)
	if err != nil {
		return nil, err
	}
	links := linksOf(traces)
	keys := make([]string, len(services))
	for i := range services {
		keys[i] = strconv.Itoa(i)
	}
	keys, out.NextToken, err = page(keys, in.NextToken, maxRetrievedServices)
	for _, key := range keys {
		i, _ := strconv.Atoi(key) // written above
		s := services[i]
		own := links[assembly.Service{Name: s.Name, Type: orEmpty(s.Type)}]
		out.Services = append(out.Services, retrievedService{Links: append([]graphLink{}, own...), Service: s})
	}
	return out, err
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// linksOf returns the links of each service's segments and their subsegments, as
// many as may be given.
func linksOf(traces []*store.Trace) map[assembly.Service][]graphLink {
	links := make(map[assembly.Service][]graphLink)
	for _, t := range traces {
		for e := range t.All() {
			for _, l := range e.Links {
				service := assembly.ServiceOf(e.Segment)
				links[service] = addLink(links[service], t.ID, l)
			}
		}
	}
	return links
}

// addLink adds a link of a trace to those with the same relation.
func addLink(links []graphLink, traceID string, l segment.Link) []graphLink {
	kind, _ := l.Attributes["aws.xray.reference_type"].(string)
	i := slices.IndexFunc(links, func(known graphLink) bool {
		return known.SourceTraceID == traceID && orEmpty(known.ReferenceType) == kind
	})
	switch {
	case i >= 0:
		if !slices.Contains(links[i].DestinationTraceIDs, l.TraceID) {
			links[i].DestinationTraceIDs = append(links[i].DestinationTraceIDs, l.TraceID)
		}
	case len(links) < maxGraphLinks:
		links = append(links, graphLink{[]string{l.TraceID}, orNull(kind), traceID})
	}
	return links
}
