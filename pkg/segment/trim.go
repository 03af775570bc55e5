package segment

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

// TrimmedNamespace is the namespace of the metadata by which a trimmed
// document says so: its member "size" is the size in bytes that it had, its
// member "cut" lists what was cut, in order.
const TrimmedNamespace = "trimmed"

// Trim makes a document that is larger than limit bytes fit, at least 1 KB. It
// cuts as little as it must, in this order:
//
//  1. stacks: to the innermost 32 frames of each exception, then 8, then
//     none; "truncated" of the exception counts those cut;
//  2. strings: the query of sql and every other longer than 8192 bytes, then
//     1024, then 256, which are cut between runes and end with "…";
//  3. the largest entries of the metadata, one by one;
//  4. the largest annotations, one by one;
//  5. whole blocks: links, cause, subsegments, aws, sql, http, service, user.
//
// The result is valid JSON and valid UTF-8, has the ids, times, flags, type
// and namespace of the original, and a name of at most 256 bytes. A document
// that fits is returned as it is; one that is not a JSON object is returned
// as nil. Trim allocates freely: documents that need it are rare.
func Trim(doc []byte, limit int) []byte {
	if len(doc) <= limit {
		return doc
	}
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil || root == nil {
		return nil
	}
	t := trimmer{root: root, limit: limit, size: len(doc)}
	for _, step := range []func(*trimmer) bool{
		(*trimmer).stacks, (*trimmer).strings, (*trimmer).metadata, (*trimmer).annotations, (*trimmer).blocks,
	} {
		if step(&t) {
			return t.doc
		}
	}
	return t.minimal()
}

// A trimmer holds a document as a tree while it is cut.
type trimmer struct {
	root  map[string]any
	limit int
	size  int // of the original
	cut   []any
	doc   []byte // the latest rendering
}

// fits renders the document, with its mark, and reports whether it fits.
func (t *trimmer) fits() bool {
	metadata, _ := t.root["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		t.root["metadata"] = metadata
	}
	metadata[TrimmedNamespace] = map[string]any{"size": t.size, "cut": t.cut}
	doc, err := json.Marshal(t.root)
	if err != nil {
		return false // not reached: the tree was decoded
	}
	t.doc = doc
	return len(doc) <= t.limit
}

// note lists what was cut, once.
func (t *trimmer) note(what string) {
	if !slices.Contains(t.cut, any(what)) {
		t.cut = append(t.cut, what)
	}
}

func (t *trimmer) stacks() bool {
	for _, frames := range []int{32, 8, 0} {
		if cutStacks(t.root, frames) {
			t.note("stack")
			if t.fits() {
				return true
			}
		}
	}
	return false
}

// cutStacks cuts the stacks of a document and of its subsegments.
func cutStacks(doc map[string]any, frames int) (cut bool) {
	cause, _ := doc["cause"].(map[string]any)
	exceptions, _ := cause["exceptions"].([]any)
	for _, e := range exceptions {
		exception, _ := e.(map[string]any)
		stack, _ := exception["stack"].([]any)
		if len(stack) <= frames {
			continue
		}
		before := 0
		if n, ok := exception["truncated"].(json.Number); ok {
			before, _ = strconv.Atoi(n.String())
		} else if n, ok := exception["truncated"].(int); ok {
			before = n
		}
		exception["truncated"] = before + len(stack) - frames
		exception["stack"] = stack[:frames]
		if frames == 0 {
			delete(exception, "stack")
		}
		cut = true
	}
	subsegments, _ := doc["subsegments"].([]any)
	for _, s := range subsegments {
		if sub, ok := s.(map[string]any); ok {
			cut = cutStacks(sub, frames) || cut
		}
	}
	return cut
}

func (t *trimmer) strings() bool {
	for _, limit := range []int{8192, 1024, 256} {
		changed := false
		cutStrings(t.root, limit, &changed)
		if changed {
			t.note("strings")
			if t.fits() {
				return true
			}
		}
	}
	return false
}

// cutStrings returns v with its strings cut; maps and slices it changes.
func cutStrings(v any, limit int, changed *bool) any {
	switch v := v.(type) {
	case string:
		if len(v) <= limit {
			return v
		}
		*changed = true
		return cutString(v, limit)
	case []any:
		for i := range v {
			v[i] = cutStrings(v[i], limit, changed)
		}
	case map[string]any:
		for key := range v {
			v[key] = cutStrings(v[key], limit, changed)
		}
	}
	return v
}

const ellipsis = "…"

// cutString cuts s between runes, to at most limit bytes with the ellipsis.
func cutString(s string, limit int) string {
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// An entry is one value of a map, with its size in the document.
type entry struct {
	in   map[string]any
	key  string
	size int
}

func entriesOf(m map[string]any, entries []entry) []entry {
	for key, value := range m {
		text, _ := json.Marshal(value)
		entries = append(entries, entry{m, key, len(key) + len(text)})
	}
	return entries
}

// removeLargest removes entries, the largest first, until the document fits.
// As rendering is dear, it first removes as many as must go at least.
func (t *trimmer) removeLargest(entries []entry, what string) bool {
	if len(entries) == 0 {
		return false
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.key, b.key))
	})
	t.note(what)
	t.fits()
	excess := len(t.doc) - t.limit
	for _, e := range entries {
		delete(e.in, e.key)
		if excess -= e.size + len(`"":,`); excess > 0 {
			continue
		}
		if t.fits() {
			return true
		}
		excess = len(t.doc) - t.limit
	}
	return t.fits()
}

func (t *trimmer) metadata() bool {
	var entries []entry
	metadata, _ := t.root["metadata"].(map[string]any)
	for name, n := range metadata {
		if values, ok := n.(map[string]any); ok && name != TrimmedNamespace {
			entries = entriesOf(values, entries)
		}
	}
	if t.removeLargest(entries, "metadata") {
		return true
	}
	if len(metadata) > 1 { // namespaces may be many, or no objects
		t.root["metadata"] = map[string]any{}
		t.note("metadata")
		return t.fits()
	}
	return false
}

func (t *trimmer) annotations() bool {
	annotations, _ := t.root["annotations"].(map[string]any)
	return t.removeLargest(entriesOf(annotations, nil), "annotations")
}

func (t *trimmer) blocks() bool {
	for _, name := range []string{"links", "cause", "subsegments", "aws", "sql", "http", "service", "user"} {
		if _, ok := t.root[name]; !ok {
			continue
		}
		delete(t.root, name)
		t.note(name)
		if t.fits() {
			return true
		}
	}
	return false
}

// minimal keeps what a document cannot be without.
func (t *trimmer) minimal() []byte {
	root := map[string]any{}
	for _, name := range []string{
		"name", "id", "trace_id", "parent_id", "start_time", "end_time", "in_progress",
		"fault", "error", "throttle", "type", "namespace",
	} {
		switch v := t.root[name].(type) {
		case nil, map[string]any, []any:
		default:
			root[name] = v
		}
	}
	t.root = root
	t.note("rest")
	t.fits()
	return t.doc
}
