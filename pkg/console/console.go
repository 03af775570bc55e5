// Package console is the web page of X-Ray Local: the latest traces, and the
// timeline of one.
//
// Pages are complete when they leave the server: html/template and one style
// sheet, no script. What is in a trace was sent by somebody else, so every page
// is escaped by context and forbids everything but its own style sheet.
package console

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/client"
	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// API is what the console reads from. *xray.Client of the AWS SDK has it.
type API = client.API

//go:embed page
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"duration": timeline.FormatDuration,
}).ParseFS(files, "page/*.html"))

// New returns the console's handler. It serves GET and HEAD of
//
//	/                  the latest traces; ?range=15m, 1h or 6h, ?live=1 to reload
//	/trace/{id}        one trace; {id} in X-Ray's form or 32 hexadecimal digits
//	/trace/{id}/json   its documents
//	/console.css
//
// and answers any other path with a page of status 404. Links are relative: it
// works below any prefix that is stripped before it. It is safe for concurrent
// use and holds no state. Who may reach it is for the server around it to say.
func New(api API) http.Handler { return newConsole(api, nil) }

func newConsole(api API, notice func() string) http.Handler {
	c := &console{api: api, now: time.Now, notice: notice}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.list)
	mux.HandleFunc("GET /trace/{id}", c.trace)
	mux.HandleFunc("GET /trace/{id}/json", c.json)
	mux.HandleFunc("GET /console.css", style)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		write(w, r, http.StatusNotFound, "problem.html", problem{Title: "There is no such page"})
	})
	return secured(mux)
}

// A Noticer says what a person who looks at the traces should know, or "".
type Noticer interface{ Notice() string }

// ForAPI returns the console of the X-Ray API that api serves, which it calls
// in memory. If api is a Noticer, the list of traces shows its notice.
func ForAPI(api http.Handler) http.Handler {
	if n, ok := api.(Noticer); ok {
		return newConsole(client.InProcess(api), n.Notice)
	}
	return New(client.InProcess(api))
}

type console struct {
	api    API
	now    func() time.Time
	notice func() string // or nil
}

// secured sets the headers that hold for all answers.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func style(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, files, "page/console.css")
}

// A frame is what each page is given: where the root is, as a relative URL, and
// what the page shows.
type frame struct {
	Root    string
	Refresh int // reload after so many seconds; 0 for never
	Page    any
}

// write renders a page, whole or not at all.
func write(w http.ResponseWriter, r *http.Request, status int, name string, page any) {
	f := frame{Root: "./" + strings.Repeat("../", max(strings.Count(r.URL.Path, "/")-1, 0)), Page: page}
	if p, ok := page.(refresher); ok {
		f.Refresh = p.refresh()
	}
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, f); err != nil {
		http.Error(w, "render page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that has gone is nobody's error
}

// A refresher is a page that wants to be loaded again.
type refresher interface{ refresh() int }

// A problem is a page that says what did not work.
type problem struct {
	Title  string
	Detail string
	Retry  string // relative URL; "" if that would not help
}

// fail answers with what went wrong with the call to the API.
func fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	if errors.Is(err, client.ErrNotFound) {
		write(w, r, http.StatusNotFound, "problem.html", problem{
			Title:  "No such trace",
			Detail: "X-Ray Local has no trace " + r.PathValue("id") + ". It may not have arrived yet.",
			Retry:  "?" + r.URL.RawQuery,
		})
		return
	}
	write(w, r, http.StatusBadGateway, "problem.html", problem{Title: what, Detail: err.Error(), Retry: "?" + r.URL.RawQuery})
}
