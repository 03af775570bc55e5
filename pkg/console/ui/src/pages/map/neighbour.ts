import type { MapEdge, MapNode, ServiceMap } from "./types";

/** Where one is on the map: at a node, or on an edge that one went onto from the node at an end of it. */
export type Place = { node: MapNode } | { edge: MapEdge; from: string };

/**
 * Where a key leads from a place. From a node, right goes onto its calls and left
 * onto those that call it; from there, the same key goes on to the other end, its
 * opposite back, up and down to the others of the same node. Without such an edge,
 * right and left go to the nearest node; up, down, Home and End stay in its column.
 */
export function neighbour(map: ServiceMap, at: Place, key: string): Place | undefined {
  return "node" in at ? fromNode(map, at.node, key) : fromEdge(map, at, key);
}

function fromNode(map: ServiceMap, from: MapNode, key: string): Place | undefined {
  const inColumn = () => map.nodes.filter((n) => n.column === from.column).sort((a, b) => a.y - b.y);
  const go = (node: MapNode | undefined): Place | undefined => node && { node };
  switch (key) {
    case "ArrowUp":
      return go(inColumn()[inColumn().indexOf(from) - 1]);
    case "ArrowDown":
      return go(inColumn()[inColumn().indexOf(from) + 1]);
    case "Home":
      return go(inColumn()[0]);
    case "End":
      return go(inColumn().at(-1));
    case "ArrowLeft":
    case "ArrowRight": {
      const edge = nearest(edgesOf(map, from.id, key === "ArrowRight"), map, from, key === "ArrowRight");
      if (edge) return { edge, from: from.id };
      const side = key === "ArrowRight" ? 1 : -1;
      const beyond = map.nodes.filter((n) => Math.sign(n.column - from.column) === side);
      const cost = (n: MapNode) => Math.abs(n.column - from.column) * 1e3 + Math.abs(n.y - from.y);
      return go(beyond.sort((a, b) => cost(a) - cost(b))[0]);
    }
    default:
      return undefined;
  }
}

function fromEdge(map: ServiceMap, { edge, from }: { edge: MapEdge; from: string }, key: string): Place | undefined {
  const out = edge.from === from;
  const beside = edgesOf(map, from, out);
  const node = (id: string): Place | undefined => {
    const n = map.nodes.find((other) => other.id === id);
    return n && { node: n };
  };
  const go = (e: MapEdge | undefined): Place | undefined => e && { edge: e, from };
  switch (key) {
    case "ArrowRight":
      return node(edge.to);
    case "ArrowLeft":
      return node(edge.from);
    case "ArrowUp":
      return go(beside[beside.indexOf(edge) - 1]);
    case "ArrowDown":
      return go(beside[beside.indexOf(edge) + 1]);
    case "Home":
      return go(beside[0]);
    case "End":
      return go(beside.at(-1));
    default:
      return undefined;
  }
}

/** The edges that leave a node, or lead to it, by the height of their other ends. */
function edgesOf(map: ServiceMap, id: string, out: boolean): MapEdge[] {
  const y = new Map(map.nodes.map((n) => [n.id, n.y]));
  const far = (e: MapEdge) => y.get(out ? e.to : e.from) ?? 0;
  return map.edges.filter((e) => (out ? e.from : e.to) === id).sort((a, b) => far(a) - far(b) || (a.id < b.id ? -1 : 1));
}

/** The edge whose other end is the nearest in height. */
function nearest(edges: MapEdge[], map: ServiceMap, from: MapNode, out: boolean): MapEdge | undefined {
  const off = (e: MapEdge) => Math.abs((map.nodes.find((n) => n.id === (out ? e.to : e.from))?.y ?? 0) - from.y) + (e.from === e.to ? 1e6 : 0);
  return [...edges].sort((a, b) => off(a) - off(b))[0];
}
