package redact

import (
	"fmt"
	"slices"
	"strings"
)

// Variables that [FromEnvironment] reads, here and in the collector.
const (
	Variable           = "BRAGG_REDACT"
	KeysVariable       = "BRAGG_REDACT_KEYS"
	ParametersVariable = "BRAGG_REDACT_PARAMETERS"
)

// Kinds of what is redacted, which can be chosen.
const (
	Headers = "headers" // values of headers, metadata and fields that are credentials
	URLs    = "urls"    // userinfo and parameters of URLs
	SQL     = "sql"     // literals of statements
	Texts   = "texts"   // URLs and bearer tokens in messages, stack traces, names
)

type kinds uint8

const (
	kindHeaders kinds = 1 << iota
	kindURLs
	kindSQL
	kindTexts
	allKinds = kindHeaders | kindURLs | kindSQL | kindTexts
)

var kindOf = map[string]kinds{Headers: kindHeaders, URLs: kindURLs, SQL: kindSQL, Texts: kindTexts}

// Config says what is redacted. The zero value is the default: all kinds.
type Config struct {
	// Only names the kinds that are redacted; without any, all are. "all" stands
	// for all of them, "off" alone for none, Keys and Parameters included.
	Only []string
	// Keys are further attributes whose values are replaced, each the name of an
	// attribute, or the beginning of names and a *. Case does not matter.
	Keys []string
	// Parameters are further parameters of URLs whose values are replaced, which
	// are compared without case, - and _.
	Parameters []string
}

// Off returns the configuration that redacts nothing.
func Off() Config { return Config{Only: []string{"off"}} }

// FromEnvironment returns what the variables say, each a list between commas.
// get is usually os.Getenv.
func FromEnvironment(get func(string) string) Config {
	return Config{Only: list(get(Variable)), Keys: list(get(KeysVariable)), Parameters: list(get(ParametersVariable))}
}

func list(text string) (elements []string) {
	for element := range strings.SplitSeq(text, ",") {
		if element = strings.TrimSpace(element); element != "" {
			elements = append(elements, element)
		}
	}
	return elements
}

// Redactor redacts by one configuration. It does not change and may be used
// concurrently. The nil *Redactor redacts nothing.
type Redactor struct {
	off    kinds
	keys   map[string]bool // further ones, in lower case
	starts []string        // of further ones
	params map[string]bool // further ones, folded; nil without any
}

var standard = &Redactor{}

// Default returns the Redactor of the zero Config.
func Default() *Redactor { return standard }

// New returns a Redactor, nil if all is off. The error names a kind that does
// not exist; the Redactor beside it takes no notice of the name.
func New(c Config) (*Redactor, error) {
	r := &Redactor{}
	var unknown []string
	if len(c.Only) > 0 {
		on := kinds(0)
		for _, name := range c.Only {
			switch k, ok := kindOf[strings.ToLower(name)]; {
			case ok:
				on |= k
			case strings.EqualFold(name, "all"):
				on = allKinds
			case len(c.Only) == 1 && slices.Contains([]string{"off", "none", "false"}, strings.ToLower(name)):
				return nil, nil
			default:
				unknown = append(unknown, name)
			}
		}
		r.off = allKinds &^ on
	}
	for _, key := range c.Keys {
		key = strings.ToLower(key)
		if r.keys == nil {
			r.keys = map[string]bool{}
		}
		if start, ok := strings.CutSuffix(key, "*"); ok {
			r.starts = append(r.starts, start)
		} else {
			r.keys[key] = true
		}
	}
	for _, name := range c.Parameters {
		if r.params == nil {
			r.params = map[string]bool{}
		}
		var buf [longest]byte
		if folded := fold(&buf, name); folded != nil {
			r.params[string(folded)] = true
		}
	}
	if unknown != nil {
		r.off = 0 // whoever wrote it meant to redact something
		return r, fmt.Errorf("nothing is redacted by the name %s; known are %s, %s, %s, %s, all and off: all are redacted",
			strings.Join(unknown, ", "), Headers, URLs, SQL, Texts)
	}
	return r, nil
}

func (r *Redactor) isOwn(key string) bool {
	if r.keys[key] || r.keys[strings.ToLower(key)] {
		return true
	}
	for _, start := range r.starts {
		if len(key) >= len(start) && strings.EqualFold(key[:len(start)], start) {
			return true
		}
	}
	return false
}

func (r *Redactor) isParameter(name []byte) bool {
	return parameters[string(name)] || r.params[string(name)]
}
