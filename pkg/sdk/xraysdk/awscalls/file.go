package awscalls

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bragg-tracing/bragg/pkg/sdk/xraysdk/internal/logger"
)

// file is the X-Ray SDKs' format of what is recorded:
// https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-go-awssdkclients.html
type file struct {
	Services map[string]struct {
		Operations map[string]struct {
			RequestParameters   []string              `json:"request_parameters"`
			RequestDescriptors  map[string]descriptor `json:"request_descriptors"`
			ResponseParameters  []string              `json:"response_parameters"`
			ResponseDescriptors map[string]descriptor `json:"response_descriptors"`
		}
	}
}

type descriptor struct {
	Map      bool   `json:"map"`
	GetKeys  bool   `json:"get_keys"`
	List     bool   `json:"list"`
	GetCount bool   `json:"get_count"`
	Value    bool   `json:"value"`
	RenameTo string `json:"rename_to"`
}

// Parse reads a file that says what is recorded, and nothing beyond.
func Parse(content []byte) (*Table, error) {
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, fmt.Errorf("AWS whitelist: %w", err)
	}
	t := &Table{services: map[string]map[string]call{}}
	for name, service := range f.Services {
		operations := map[string]call{}
		for operation, o := range service.Operations {
			operations[operation] = call{
				input:  words(o.RequestParameters, o.RequestDescriptors),
				output: words(o.ResponseParameters, o.ResponseDescriptors),
			}
		}
		t.services[strings.ToLower(name)] = operations
	}
	return t, nil
}

func words(parameters []string, descriptors map[string]descriptor) string {
	fields := append([]string(nil), parameters...)
	for field, d := range descriptors {
		name := d.RenameTo
		if name == "" {
			name = strings.ToLower(field)
		}
		switch {
		case d.Map && d.GetKeys:
			fields = append(fields, "keys "+field+" "+name)
		case d.List && d.GetCount:
			fields = append(fields, "count "+field+" "+name)
		case d.Value:
			fields = append(fields, "as "+field+" "+name)
		}
	}
	return strings.Join(fields, ",")
}

// Unreadable logs why a file is not used and returns Default.
func Unreadable(name string, err error) *Table {
	logger.Errorf("AWS whitelist %s: %v; the default one is used", name, err)
	return Default
}
