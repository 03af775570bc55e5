// Command ours is a server that says hello, traced with package xraysdk.
package main

import (
	"io"
	"log"
	"net/http"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/xray"
)

func main() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", xray.Handler(xray.NewFixedSegmentNamer("hello"), hello)))
}
