package index

// A Signature is a set of terms that can be asked whether a term is in it: if
// it says no, that is so; if it says yes, it may be wrong.
type Signature [8]uint64

// bitsOfTerm is how many bits a term sets.
const bitsOfTerm = 3

// A termKind keeps terms apart that have the same text.
type termKind byte

const (
	termService    termKind = iota + 1 // a node's name
	termType                           // a node's type
	termOutcome                        // a node's name, and how something in it ended
	termAnyOutcome                     // how something ended
	termEdge                           // names of caller and callee
	termCaller                         // a caller's name
	termCallee                         // a callee's name
	termKey                            // an annotation's key
	termAnnotation                     // its key, and its value
	termUser                           // a user
	termInstance                       // an EC2 instance's id
	termZone                           // an availability zone
	termARN                            // a resource's ARN
	termUserAgent                      // of the root segment
	termClientIP                       // of the root segment
	termHas                            // the trace has any term of this kind
)

// add puts a term in.
func (s *Signature) add(kind termKind, text ...string) {
	h := hash(kind, text)
	for range bitsOfTerm {
		s[h>>6&7] |= 1 << (h & 63)
		h >>= 9
	}
}

// addHas puts a term in, and that there is one of its kind.
func (s *Signature) addHas(kind termKind, text ...string) {
	s.add(kind, text...)
	s.add(termHas, string([]byte{byte(kind)}))
}

// has is the term that is in a signature with any term of the kind.
func has(kind termKind) Signature {
	var s Signature
	s.add(termHas, string([]byte{byte(kind)}))
	return s
}

func term(kind termKind, text ...string) Signature {
	var s Signature
	s.add(kind, text...)
	return s
}

// Contains reports whether all terms of other may be in s.
func (s *Signature) Contains(other Signature) bool {
	for i := range s {
		if s[i]&other[i] != other[i] {
			return false
		}
	}
	return true
}

// hash is FNV-1a with the finalizer of MurmurHash3. What is stored depends on
// it: it must never change.
func hash(kind termKind, text []string) uint64 {
	const prime = 1099511628211
	h := (uint64(14695981039346656037) ^ uint64(kind)) * prime
	for _, part := range text {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * prime
		}
		h = (h ^ 0x1ff) * prime // no byte: keeps "ab","c" from "a","bc"
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
