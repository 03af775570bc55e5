// Package summary tells in short what an assembled trace says: how the request
// at its root ended and how long it took, what was annotated anywhere in it, who
// took part, and what made it fail or slow. These are the members of the API's
// TraceSummary, which API, console and command line share.
//
// Where X-Ray's documentation and its answers differ, it is as X-Ray answers.
// https://docs.aws.amazon.com/xray/latest/api/API_TraceSummary.html
package summary
