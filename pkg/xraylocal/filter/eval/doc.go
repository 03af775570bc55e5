// Package eval says whether a trace matches a filter expression: the meaning of
// the language that package filter reads. All other ways to answer, such as a
// query in SQL, have to agree with it.
//
// Outside of blocks a keyword asks about the root segment, or about the summary
// of the trace; user, annotation, availabilityzone, instance.id, resource.arn
// and account.id about any segment or subsegment that was sent.
//
// In the block of service() and edge() an expression asks about one request: a
// segment of the node, sent or inferred, or a call as the caller saw it. The
// block holds if one request of a selected node or edge satisfies all of it.
// Here user, annotation and the like are those of the segment and the
// subsegments in it. In the block of a rootcause keyword it asks about one
// element of a list: services of the cause, the entity path of one service,
// exceptions of one entity.
//
// A field that has several values matches if one of them does. A field that is
// not set, and a value of another kind than what it is compared with, match no
// operator, != included: !(user = "x") also finds traces without user, user !=
// "x" only those that have another one. A boolean keyword may be compared with
// "true" and "false" in quotation marks; annotations are not converted. Texts
// are compared byte by byte.
package eval
