package udp

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// MaxDatagram, in bytes, is more than a UDP datagram can carry, and the daemon's limit.
const MaxDatagram = 64 << 10

var (
	errNoHeader  = errors.New("a datagram has no header line")
	errHeader    = errors.New(`the header of a datagram is not {"format": "json", "version": 1}`)
	errNoContent = errors.New("a datagram has a header only")
)

// usualHeaders are what the SDKs write.
var usualHeaders = [][]byte{[]byte(`{"format": "json", "version": 1}`), []byte(`{"format":"json","version":1}`)}

// DocumentIn returns the document in a datagram: a line with the header, then
// one document. It is part of the datagram.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
func DocumentIn(datagram []byte) ([]byte, error) {
	header, document, ok := bytes.Cut(datagram, []byte{'\n'})
	if !ok {
		return nil, errNoHeader
	}
	if !bytes.Equal(header, usualHeaders[0]) && !bytes.Equal(header, usualHeaders[1]) && !isHeader(header) {
		return nil, errHeader
	}
	if len(document) == 0 {
		return nil, errNoContent
	}
	return document, nil
}

func isHeader(line []byte) bool {
	var h struct {
		Format  string
		Version int
	}
	return json.Unmarshal(line, &h) == nil && strings.EqualFold(h.Format, "json") && h.Version == 1
}
