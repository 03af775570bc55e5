package redact

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// shortestSecret is the length from which a secret is hidden. A shorter one
// would be found in innocent words.
const shortestSecret = 8

// Secrets returns what replaces the secrets that a process knows in a text, such
// as the answer of a backend that shows the key that it refuses: as they are, in
// base64 and as in a URL. It is nil if there is none of 8 characters or more.
func Secrets(secrets ...string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) < shortestSecret {
			continue
		}
		for _, written := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), url.QueryEscape(s)} {
			pairs = append(pairs, written, Replacement)
		}
	}
	if pairs == nil {
		return nil
	}
	return strings.NewReplacer(pairs...)
}
