package xray

import (
	"os"
	"path/filepath"
	"time"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
)

// LambdaTraceHeaderKey is the key, a string, under which aws-lambda-go puts the
// trace header of a request into its context.
const LambdaTraceHeaderKey string = "x-amzn-trace-id"

// LambdaTaskRootKey is the environment variable that is set in Lambda.
const LambdaTaskRootKey string = "LAMBDA_TASK_ROOT"

// The file whose time tells Lambda that the program traces by itself.
const (
	SDKInitializedFileFolder string = "/tmp/.aws-xray"
	SDKInitializedFileName   string = "initialized"
)

// signalLambda touches that file, in Lambda.
func signalLambda() {
	if os.Getenv(LambdaTaskRootKey) == "" {
		return
	}
	if err := touch(filepath.Join(SDKInitializedFileFolder, SDKInitializedFileName)); err != nil {
		logger.Debugf("cannot tell Lambda that the SDK is there: %v", err)
	}
}

func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	file.Close()
	now := time.Now()
	return os.Chtimes(path, now, now)
}
