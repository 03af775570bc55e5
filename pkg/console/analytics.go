package console

import "net/http"

// analyticsRoutes serves what is different about two sets of traces.
func (c *console) analyticsRoutes(*http.ServeMux) {}
