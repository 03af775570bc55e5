package awsxrayexporter

// appendPut appends the body of a PutTraceSegments request.
func appendPut(dst []byte, documents []document) []byte {
	dst = append(dst, `{"TraceSegmentDocuments":[`...)
	for i := range documents {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, documents[i].body...)
	}
	return append(dst, "]}"...)
}

// putOverhead is what a put has besides its documents and their commas.
const putOverhead = len(`{"TraceSegmentDocuments":[]}`)
