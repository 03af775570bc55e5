package servicegraph

import "fmt"

// FilterHeader on a request for a graph or a time series, with a filter
// expression as in a URL's query, asks X-Ray Local to make it of the traces that
// match, of the group if one is given. AWS's API has no member for this.
const FilterHeader = "X-Bragg-Filter"

// PatienceHeader on a request for a graph or a time series, with a number of
// seconds, asks for an answer of what could be looked at by then. Of how much that is the answer's
// CoveredHeader tells: as in "12000/40000", traces that were looked at, and those
// that were to be. AWS's API has no member for either.
const (
	PatienceHeader = "X-Bragg-Patience"
	CoveredHeader  = "X-Bragg-Covered"
)

// Basis says which time of a request decides whether and where it counts.
type Basis uint8

// The bases.
const (
	ByReceipt  Basis = iota // when its document came, as X-Ray has it
	ByDocument              // when it ended, or began if it has not ended
)

// Time returns a request's time, in microseconds since the epoch.
func (b Basis) Time(r *Request) int64 {
	if b == ByDocument {
		return r.End
	}
	return r.Receipt
}

var basisNames = [...]string{"receipt", "document"}

// String returns the basis as a flag names it.
func (b Basis) String() string { return basisNames[min(b, ByDocument)] }

// Set reads what String returns: a Basis is a flag.
func (b *Basis) Set(name string) error {
	for i, known := range basisNames {
		if name == known {
			*b = Basis(i)
			return nil
		}
	}
	return fmt.Errorf("%q is neither receipt nor document", name)
}

// Type returns what help shows as the kind of value.
func (b *Basis) Type() string { return "receipt|document" }

// A Window selects requests.
type Window struct {
	By       Basis
	From, To int64 // microseconds since the epoch, both included
}

// Always selects every request.
var Always = Window{By: ByDocument, From: -1 << 63, To: 1<<63 - 1}

func (w Window) has(r *Request) bool {
	at := w.By.Time(r)
	return at >= w.From && at <= w.To
}
