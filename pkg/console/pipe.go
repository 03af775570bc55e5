package console

import "net/http"

// pipeRoutes serves the health of the pipe.
func (c *console) pipeRoutes(*http.ServeMux) {}
