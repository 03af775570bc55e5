package console

import "net/http"

// mapRoutes serves the service map.
func (c *console) mapRoutes(*http.ServeMux) {}
