package nerdgraph

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	validatorrules "github.com/vektah/gqlparser/v2/validator/rules"
)

//go:embed schema.graphql
var schemaText string

// schema is parsed once: it is part of the program.
var schema = gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schemaText})

// A Row is one event, by New Relic's attribute names.
type Row = map[string]any

// Data is where the rows come from.
type Data interface {
	// SpanRows returns the rows of event type Span of one trace, whose id is
	// 32 lower-case hex digits, in any order, duplicates too.
	SpanRows(ctx context.Context, traceID string) ([]Row, error)
}

// A Fault is an answer on script.
type Fault struct {
	Status     int           // of HTTP; 0 means 200
	RetryAfter int           // seconds, a header
	Class      string        // errorClass, such as TIMEOUT or INTERNAL_SERVER_ERROR
	Message    string        // of the error
	Delay      time.Duration // before the answer
}

// Config says how the answers are.
type Config struct {
	Keys              []string // the only user keys; none means each of valid form
	Account           int      // the only account; 0 means each
	IntegrationErrors []Row    // rows of the event NrIntegrationError
	// Fault, if not nil, is asked before each query; nil is no fault.
	Fault func() *Fault
}

const maxQuery = 1 << 20 // bytes of a request

// Handler answers POST requests with a GraphQL query as NerdGraph does.
func Handler(data Data, cfg Config) http.Handler {
	return &handler{data: data, cfg: cfg}
}

type handler struct {
	data Data
	cfg  Config
}

type request struct {
	Query     string         `json:"query"`
	Operation string         `json:"operationName"`
	Variables map[string]any `json:"variables"`
}

type answerError struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path,omitempty"`
	Locations  any            `json:"locations,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.cfg.Fault != nil {
		if f := h.cfg.Fault(); f != nil && h.fail(w, r, f) {
			return
		}
	}
	if !h.accepts(r.Header.Get("API-Key")) {
		write(w, http.StatusUnauthorized, nil, answerError{
			Message:    "Invalid API key or client ID",
			Extensions: map[string]any{"errorClass": "UNAUTHENTICATED", "error_code": "BAD_API_KEY"},
		})
		return
	}
	var asked request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuery)).Decode(&asked); err != nil {
		write(w, http.StatusBadRequest, nil, answerError{Message: "Invalid JSON: " + err.Error()})
		return
	}
	document, problems := gqlparser.LoadQueryWithRules(schema, asked.Query, validatorrules.NewDefaultRules())
	if len(problems) > 0 {
		write(w, http.StatusOK, nil, validationErrors(problems)...)
		return
	}
	operation := document.Operations.ForName(asked.Operation)
	if operation == nil || operation.Operation != ast.Query {
		write(w, http.StatusOK, nil, answerError{Message: "Operation name is required when multiple operations are given; only queries are answered"})
		return
	}
	variables, err := validator.VariableValues(schema, operation, asked.Variables)
	if err != nil {
		write(w, http.StatusOK, nil, answerError{Message: err.Error(), Extensions: map[string]any{"errorClass": "BAD_USER_INPUT"}})
		return
	}
	e := &execution{handler: h, ctx: r.Context(), variables: variables}
	result := e.object(operation.SelectionSet, e.query, nil)
	write(w, http.StatusOK, result, e.errors...)
}

// fail answers with a fault, unless it is a delay alone.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	select {
	case <-time.After(f.Delay):
	case <-r.Context().Done():
		return true
	}
	if f.Status == 0 && f.Message == "" {
		return false
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(f.RetryAfter))
	}
	write(w, max(f.Status, http.StatusOK), nil, answerError{Message: f.Message, Path: []any{"actor", "account", "nrql"}, Extensions: map[string]any{"errorClass": f.Class}})
	return true
}

func (h *handler) accepts(key string) bool {
	accepted := len(h.cfg.Keys) == 0 && strings.HasPrefix(key, "NRAK-") && len(key) > 20
	for _, k := range h.cfg.Keys {
		accepted = subtle.ConstantTimeCompare([]byte(k), []byte(key)) == 1 || accepted
	}
	return accepted
}

func validationErrors(problems gqlerror.List) []answerError {
	all := make([]answerError, len(problems))
	for i, p := range problems {
		all[i] = answerError{Message: p.Message, Locations: p.Locations, Extensions: map[string]any{"errorClass": "GRAPHQL_VALIDATION_FAILED"}}
	}
	return all
}

func write(w http.ResponseWriter, status int, data any, problems ...answerError) {
	answer := map[string]any{}
	if data != nil {
		answer["data"] = data
	}
	if len(problems) > 0 {
		answer["errors"] = problems
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}

// An execution resolves the fields of one query.
type execution struct {
	*handler
	ctx       context.Context
	variables map[string]any
	errors    []answerError
}

// A resolver returns the value of one field.
type resolver func(f *ast.Field, path []any) any

func (e *execution) object(selection ast.SelectionSet, resolve resolver, path []any) map[string]any {
	object := map[string]any{}
	for _, s := range selection {
		switch s := s.(type) {
		case *ast.Field:
			object[s.Alias] = resolve(s, append(path[:len(path):len(path)], s.Alias))
		case *ast.InlineFragment:
			for k, v := range e.object(s.SelectionSet, resolve, path) {
				object[k] = v
			}
		case *ast.FragmentSpread:
			for k, v := range e.object(s.Definition.SelectionSet, resolve, path) {
				object[k] = v
			}
		}
	}
	return object
}

func (e *execution) query(f *ast.Field, path []any) any {
	if f.Name == "__typename" {
		return "Query"
	}
	return e.object(f.SelectionSet, e.actor, path)
}

func (e *execution) actor(f *ast.Field, path []any) any {
	switch f.Name {
	case "user":
		return e.object(f.SelectionSet, func(f *ast.Field, _ []any) any {
			return map[string]any{"id": 1, "name": "local", "email": "local@example.com"}[f.Name]
		}, path)
	case "accounts":
		return []any{e.object(f.SelectionSet, func(f *ast.Field, _ []any) any {
			return map[string]any{"id": max(e.cfg.Account, 1), "name": "local"}[f.Name]
		}, path)}
	case "account":
		// A literal is an int64, a variable what JSON made of it.
		id, _ := strconv.ParseInt(fmt.Sprint(f.ArgumentMap(e.variables)["id"]), 10, 64)
		if id <= 0 || e.cfg.Account != 0 && id != int64(e.cfg.Account) {
			e.errors = append(e.errors, answerError{Message: "Access denied.", Path: path, Extensions: map[string]any{"errorClass": "ACCESS_DENIED"}})
			return nil
		}
		return e.object(f.SelectionSet, e.account(id), path)
	}
	return "Actor"
}

func (e *execution) account(id int64) resolver {
	return func(f *ast.Field, path []any) any {
		switch f.Name {
		case "id":
			return id
		case "name":
			return "local"
		case "nrql":
			return e.nrql(f, path)
		}
		return "Account"
	}
}

func (e *execution) nrql(f *ast.Field, path []any) any {
	text, _ := f.ArgumentMap(e.variables)["query"].(string)
	result, err := e.run(text)
	var bad *SyntaxError
	switch {
	case errors.As(err, &bad):
		e.errors = append(e.errors, answerError{Message: bad.Error(), Path: path, Extensions: map[string]any{"errorClass": "SERVER_ERROR", "nrdbErrorCode": "NRQL_SYNTAX_ERROR"}})
		return nil
	case err != nil:
		e.errors = append(e.errors, answerError{Message: "An error occurred resolving this field: " + err.Error(), Path: path, Extensions: map[string]any{"errorClass": "INTERNAL_SERVER_ERROR"}})
		return nil
	}
	return e.object(f.SelectionSet, func(f *ast.Field, path []any) any {
		switch f.Name {
		case "results":
			return result.rows
		case "totalResult":
			return nil
		case "nrql":
			return text
		case "metadata":
			return e.object(f.SelectionSet, result.metadata(e), path)
		}
		return "NrdbResultContainer"
	}, path)
}
