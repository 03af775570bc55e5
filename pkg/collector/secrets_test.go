package collector

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestSecretsAreHiddenInLogs: in every kind of field, and each core behind keeps
// its level.
func TestSecretsAreHiddenInLogs(t *testing.T) {
	const key = "feed01cafe23babe45dead67beef89f00d0aNRAL"
	infos, logged := observer.New(zap.InfoLevel)
	errorsOnly, failures := observer.New(zap.ErrorLevel)
	logger := zap.New(zapcore.NewTee(infos, errorsOnly), hideSecrets(map[string]string{"NEW_RELIC_LICENSE_KEY": key}))
	logger = logger.With(zap.String("with", key))
	logger.Debug("debug")
	logger.Info("info "+key, zap.Error(errors.New(key)), zap.ByteString("bytes", []byte(key)), zap.Any("map", map[string]string{"key": key}),
		zap.Strings("list", []string{key}), zap.Stringer("url", stringer(key)), zap.Int("n", 1))
	logger.Error("error")
	if logged.Len() != 2 || failures.Len() != 1 {
		t.Errorf("%d entries and %d errors, want 2 and 1", logged.Len(), failures.Len())
	}
	text := fmt.Sprint(logged.All()[0].Message, logged.All()[0].ContextMap())
	if strings.Contains(text, key[8:]) || strings.Count(text, "REDACTED") != 7 || !strings.Contains(text, "n:1") {
		t.Errorf("got %s", text)
	}
}

type stringer string

func (s stringer) String() string { return string(s) }
