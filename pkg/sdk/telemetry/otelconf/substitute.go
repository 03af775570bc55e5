package otelconf

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reference is ${NAME}, ${env:NAME}, ${NAME:-default} or the escaped $$.
var reference = regexp.MustCompile(`\$\$|\$\{[^}]*\}`)

var variableName = regexp.MustCompile(`^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$`)

// substitute replaces references to variables in the scalars of a file, which
// cannot bring in YAML of their own: the value of a variable stays one scalar.
// https://opentelemetry.io/docs/specs/otel/configuration/data-model/#environment-variable-substitution
func substitute(content []byte) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	if document.IsZero() {
		return content, nil
	}
	if err := substituteNode(&document); err != nil {
		return nil, err
	}
	return yaml.Marshal(&document)
}

func substituteNode(n *yaml.Node) error {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue // a key
		}
		if err := substituteNode(child); err != nil {
			return err
		}
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "$") {
		return nil
	}
	var failed error
	value := reference.ReplaceAllStringFunc(n.Value, func(text string) string {
		if text == "$$" {
			return "$"
		}
		m := variableName.FindStringSubmatch(text[2 : len(text)-1])
		if m == nil {
			failed = fmt.Errorf("line %d: %s is not the name of a variable", n.Line, text)
			return ""
		}
		if v := os.Getenv(m[1]); v != "" {
			return v
		}
		return m[2]
	})
	n.Value = value
	if n.Style == 0 { // not quoted: the type is that of what was put in
		n.Tag = ""
		if !plain(value) {
			n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
		}
	}
	return failed
}

// plain reports whether a text read as YAML is one scalar without comments.
func plain(text string) bool {
	var n yaml.Node
	if yaml.Unmarshal([]byte(text), &n) != nil {
		return false
	}
	return len(n.Content) == 0 || n.Content[0].Kind == yaml.ScalarNode && n.Content[0].Value == strings.TrimSpace(text)
}
