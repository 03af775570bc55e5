package segment

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// The attributes by which a document travels beside the spans that were made
// from it, from a receiver of documents to an exporter of documents.
//
// # What the receiver writes
//
// A document with its embedded subsegments becomes Count spans. The span of
// the document itself, index 0, gets the text of the document as it came, in
// DocumentAttribute. Every span, this one included, gets a [Part] in
// PartAttribute, which says of which document it is, the how manieth of how
// many, and the digest of what the span held when it was made.
//
// # How the exporter decides
//
// It looks at one batch at a time and remembers nothing. Of a document the
// batch holds all parts unchanged if each index from 0 to Count-1 is there, no
// span that says to be of the document has contents of another digest, and the
// span of index 0 has the document. Then the text in DocumentAttribute is
// sent, once, in the place of span 0, and none of the spans is rendered.
// In every other case each of the spans that are there is rendered as if it
// had never been part of a document. Neither attribute is ever rendered.
//
// So a processor that changes a span, its resource or its scope, drops a span,
// or redacts any value, the document's text included, has its way: what it
// hid in one place is not sent from another. One that redacts spans and document
// alike may mark them anew. A batch that holds only some of
// the spans cannot tell a dropped span from one that is in another batch, and
// renders; the batch with the others comes to the same decision, because it
// does not hold all of them either. A document is thus sent either as it came
// or as spans, never both, and no state has to survive a restart.
//
// # Where batches split documents
//
// A batch processor with a maximum size cuts between any two spans. A gatherer
// before the exporter's queue brings the parts together again: it holds what
// is incomplete for a bounded time and, when all are there unchanged, hands on
// span 0 alone, marked as part 0 of 1. From then on nothing can split the
// document, and the rule above holds as it is. What stays incomplete for
// longer goes on without the two attributes, and is rendered.
//
// The limits: of a document whose spans reach different exporters, or the same
// one further apart than the gatherer waits, the spans are rendered. An
// exporter that does not know these attributes shows them like any other, so
// other backends' pipelines delete them: both begin with "aws.xray.document".
const (
	DocumentAttribute = "aws.xray.document"
	PartAttribute     = "aws.xray.document.part"
)

// A Part says that a span was made from a document. Its text is the value of
// PartAttribute.
type Part struct {
	Document [8]byte  // made up by the receiver; the same for all parts
	Index    int      // 0 is the document itself, the others its subsegments in order
	Count    int      // of spans that were made from the document
	Digest   [16]byte // of all that the span held, without this attribute
}

// MaxParts is the largest Count: more subsegments do not fit in MaxSize.
const MaxParts = MaxSize / len(`{"id":"0000000000000000"},`)

const partVersion = "1"

// String returns "1;document;index/count;digest", ids and digest in
// hexadecimal.
func (p Part) String() string {
	b := make([]byte, 0, 64)
	b = append(b, partVersion+";"...)
	b = append(hex.AppendEncode(b, p.Document[:]), ';')
	b = append(strconv.AppendInt(b, int64(p.Index), 10), '/')
	b = append(strconv.AppendInt(b, int64(p.Count), 10), ';')
	return string(hex.AppendEncode(b, p.Digest[:]))
}

// ParsePart reads what String writes. ok is false for everything else, and for
// an index that is not below the count.
func ParsePart(s string) (p Part, ok bool) {
	version, s, _ := strings.Cut(s, ";")
	document, s, _ := strings.Cut(s, ";")
	place, digest, _ := strings.Cut(s, ";")
	index, count, _ := strings.Cut(place, "/")
	var errs [2]error
	p.Index, errs[0] = strconv.Atoi(index)
	p.Count, errs[1] = strconv.Atoi(count)
	ok = version == partVersion && errs == [2]error{} &&
		p.Index >= 0 && p.Index < p.Count && p.Count <= MaxParts &&
		decodeHex(p.Document[:], document) && decodeHex(p.Digest[:], digest)
	return p, ok
}

func decodeHex(dst []byte, s string) bool {
	if len(s) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}
