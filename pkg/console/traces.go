package console

import "net/http"

// tracesRoutes serves the list of traces.
func (c *console) tracesRoutes(*http.ServeMux) {}
