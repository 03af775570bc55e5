// Package compare lays two traces over each other: what one has that the other
// has not, and what took longer in it.
//
// Rows are matched by structure. Below two rows that are matched, the first child
// of a name, kind and operation is matched with the first such child of the other,
// the second with the second, and so on; what is left over is missing or added
// with all that is below it. Siblings that repeat, four times or more in one of the
// two, are one row with how many there are in each and how long they took together:
// 48 calls of GetItem in one and 50 in the other are one difference. The entry
// points are matched whatever their names are. Ids and absolute times play no part.
package compare
