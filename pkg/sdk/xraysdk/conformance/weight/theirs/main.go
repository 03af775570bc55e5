// Command theirs is a server that says hello, traced with the X-Ray SDK.
package main

import (
	"io"
	"log"
	"net/http"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

func main() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	log.Fatal(http.ListenAndServe("127.0.0.1:8000", xray.Handler(xray.NewFixedSegmentNamer("hello"), hello)))
}
