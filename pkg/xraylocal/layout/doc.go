// Package layout places the nodes of a directed graph in columns from left to
// right, as a service map is drawn: who calls stands left of whom it calls.
//
// It follows the method of Sugiyama, Tagawa and Toda: turn the edges around that
// would close a circle; give each node the column after the last of those that
// lead to it; let long edges pass through every column between; order the nodes
// of each column so that few edges cross; align them with their neighbours.
//
// Outline places it for a page that is high and narrow, in the place of columns: as
// a table of contents, a row for each node.
//
// The same graph has the same layout, in whatever order its nodes and edges come,
// and a graph that grew a little mostly keeps its shape: all choices that do not
// matter are made by the ids of the nodes.
package layout
