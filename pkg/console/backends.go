package console

import "net/http"

// backendsRoutes serves what arrived in which backend.
func (c *console) backendsRoutes(*http.ServeMux) {}
