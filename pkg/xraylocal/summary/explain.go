package summary

// ExplainHeader on a request for summaries, with the value "on", asks to be told
// how they were found: the answer then has a member Explanation.
const ExplainHeader = "X-Bragg-Explain"

// An Explanation says how one page of summaries was found.
type Explanation struct {
	Expression string   // as it was understood, with the expressions of groups in it; "" for every trace
	Index      []string // what the index had to say of a trace before it was read; all of them; none: any trace
	Statement  string   // the condition on the index in SQL, "" if there is none
	Scanned    int      // traces of the time range that the page has passed
	Read       int      // traces that were put together, and asked in memory
	Matched    int
	Seconds    float64 // that it took
}
