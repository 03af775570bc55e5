package api

import (
	"encoding/base64"
	"slices"
)

// page returns the part of a list of keys, all different and in a fixed order,
// that follows the token, and the token of the next part. A token holds the last
// key of the part before: what is added elsewhere meanwhile moves nothing.
func page(keys []string, token *string, size int) (part []string, next *string, err error) {
	if token != nil {
		last, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, errToken
		}
		i := slices.Index(keys, string(last))
		if i < 0 {
			return nil, nil, errToken
		}
		keys = keys[i+1:]
	}
	if len(keys) <= size {
		return keys, nil, nil
	}
	t := base64.RawURLEncoding.EncodeToString([]byte(keys[size-1]))
	return keys[:size], &t, nil
}

var errToken = invalidRequest("Invalid NextToken")
