package telemetry

import (
	"testing"

	_ "github.com/google/go-cmp/cmp"
	_ "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	_ "google.golang.org/grpc"
	_ "google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
