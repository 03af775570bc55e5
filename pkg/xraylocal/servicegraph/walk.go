package servicegraph

// A Walker reads encoded graphs one after the other, and decodes each shape only
// once. The zero value is ready. It is not safe for concurrent use.
type Walker struct {
	shapes map[string]*Graph
}

// Shape returns the decoded shape: a graph without requests, the same one
// whenever the same bytes come. It must not be changed. The error wraps
// ErrEncoding.
func (w *Walker) Shape(shape []byte) (*Graph, error) {
	if g, ok := w.shapes[string(shape)]; ok {
		return g, nil
	}
	g, err := decodeShape(shape)
	if err != nil {
		return nil, err
	}
	if w.shapes == nil {
		w.shapes = make(map[string]*Graph)
	}
	w.shapes[string(shape)] = g
	return g, nil
}

// Requests calls node with each request of each node of the shape, and edge with
// each of each edge, given the index. The request must not be kept. Messages are
// passed over.
func Requests(shape *Graph, encoded []byte, node, edge func(i int, r *Request)) error {
	v, err := newValues(encoded)
	if err != nil {
		return err
	}
	var r Request
	for i := range shape.Nodes {
		for range v.count(3) {
			if v.next(&r); !v.bad {
				node(i, &r)
			}
		}
	}
	for i := range shape.Edges {
		for range v.count(3) {
			if v.next(&r); !v.bad {
				edge(i, &r)
			}
		}
	}
	return v.check()
}
