package console

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"strings"
)

// What `make console` builds; without it there is a placeholder alone.
//
//go:embed all:ui/dist
var built embed.FS

// notBuilt is the page of a binary that was built without the others.
const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Bragg: the console is not in this binary</title>
<h1>The console is not in this binary</h1>
<p>X-Ray Local runs, and answers AWS X-Ray's API at this address. The console's
pages are built by Node, and this binary was built without them. In a clone of
https://github.com/bragg-tracing/bragg, with Node 20.19 or newer, run
<pre>make console build</pre>
<p>and start bin/bragg in the place of this one. Until then the command line shows the same:
<pre>bragg traces
bragg trace ID
bragg map
bragg analytics</pre>
</html>
`

// pages serves the built files, and for every path that is a page's the one
// document that draws them all.
func pages() http.Handler {
	dist, err := fs.Sub(built, "ui/dist")
	if err != nil {
		panic(err) // a constant path
	}
	return pagesFrom(dist)
}

func pagesFrom(dist fs.FS) http.Handler {
	index, err := fs.ReadFile(dist, "index.html")
	complete := err == nil
	if !complete {
		index = []byte(notBuilt)
	}
	first := preloads(dist)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "pages are read by GET", http.StatusMethodNotAllowed)
			return
		}
		if name := strings.TrimPrefix(r.URL.Path, "/"); strings.HasPrefix(name, "assets/") {
			// Names carry a hash of what is inside.
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			http.ServeFileFS(w, r, dist, name)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		switch {
		case !complete:
			w.WriteHeader(http.StatusServiceUnavailable)
		case !isPage(r.URL.Path):
			w.WriteHeader(http.StatusNotFound)
		}
		page := bytes.Replace(index, []byte("</head>"), []byte(first[pageName(r.URL.Path)]+"</head>"), 1)
		_, _ = w.Write(page) // a client that has gone is nobody's error
	})
}

// pageName is what the directory of a page in ui/src/pages is called.
func pageName(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return cmp.Or(name, "map") // where the router leads "/"
}

// ahead is the script that asks for what a page shows while its scripts load.
const ahead = "src/ahead.ts"

// preloads returns, by page, what tells a browser to run the script that asks for
// the page's data, and to load the page's own files together with those of the
// frame, which would ask for them later.
func preloads(dist fs.FS) map[string]string {
	var manifest map[string]struct {
		File    string
		Imports []string
	}
	raw, err := fs.ReadFile(dist, ".vite/manifest.json")
	if err != nil || json.Unmarshal(raw, &manifest) != nil {
		return nil // the pages work without
	}
	// The document names itself what its entry imports.
	named := map[string]bool{"index.html": true}
	for _, file := range manifest["index.html"].Imports {
		named[file] = true
		for _, other := range manifest[file].Imports {
			named[other] = true
		}
	}
	byPage := make(map[string]string)
	for entry := range manifest {
		name, isIndex := strings.CutSuffix(entry, "/index.tsx")
		name, isPage := strings.CutPrefix(name, "src/pages/")
		if !isIndex || !isPage {
			continue
		}
		var b strings.Builder
		if first, ok := manifest[ahead]; ok {
			fmt.Fprintf(&b, `<script type="module" async src="/%s"></script>`, html.EscapeString(first.File))
		}
		seen := maps.Clone(named)
		var add func(entry string)
		add = func(entry string) {
			if seen[entry] {
				return
			}
			seen[entry] = true
			chunk := manifest[entry]
			fmt.Fprintf(&b, `<link rel="modulepreload" href="/%s">`, html.EscapeString(chunk.File))
			for _, other := range chunk.Imports {
				add(other)
			}
		}
		add(entry)
		byPage[name] = b.String()
	}
	return byPage
}

// isPage reports whether the pages' router knows a path; see ui/src/App.tsx.
func isPage(path string) bool {
	switch path {
	case "/", "/map", "/traces", "/analytics", "/compare", "/backends", "/pipe":
		return true
	}
	return strings.HasPrefix(path, "/trace/")
}
