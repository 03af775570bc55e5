package otelconf

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSubstitute(t *testing.T) {
	for name, value := range map[string]string{"NUMBER": "7", "TEXT": "a b", "TREE": "a: b\nc: [1]", "COMMENT": "a # b", "EMPTY": ""} {
		t.Setenv(name, value)
	}
	for text, want := range map[string]any{
		"${NUMBER}": 7, `"${NUMBER}"`: "7", "${env:TEXT}": "a b", "x${TEXT}y": "xa by", "${EMPTY:-5}": 5, "${MISSING:-}": nil, "${MISSING}": nil,
		"$${TEXT}": "${TEXT}", "${TREE}": "a: b\nc: [1]", "${COMMENT}": "a # b", "plain": "plain", "a$b": "a$b",
	} {
		content, err := substitute([]byte("key: " + text + "\n"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got map[string]any
		if err := yaml.Unmarshal(content, &got); err != nil || got["key"] != want {
			t.Errorf("%s: %#v, want %#v (%v)", text, got["key"], want, err)
		}
	}
	for _, text := range []string{"key: ${1}\n", "key: ${a b}\n", "\t"} {
		if _, err := substitute([]byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func FuzzSubstitute(f *testing.F) {
	f.Add([]byte("a: ${HOME}\nb: [${X:-1}, \"$$\"]\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _ = substitute(content)
	})
}
