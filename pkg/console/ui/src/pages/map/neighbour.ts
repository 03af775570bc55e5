import type { MapNode, ServiceMap } from "./types";

/** Where an arrow key, Home or End leads from a node: along an edge if one leads there, else to the nearest. */
export function neighbour(map: ServiceMap, from: MapNode, key: string): MapNode | undefined {
  const inColumn = map.nodes.filter((n) => n.column === from.column).sort((a, b) => a.y - b.y);
  const at = inColumn.indexOf(from);
  switch (key) {
    case "ArrowUp":
      return inColumn[at - 1];
    case "ArrowDown":
      return inColumn[at + 1];
    case "Home":
      return inColumn[0];
    case "End":
      return inColumn.at(-1);
    case "ArrowLeft":
    case "ArrowRight": {
      const side = key === "ArrowRight" ? 1 : -1;
      const beyond = map.nodes.filter((n) => Math.sign(n.column - from.column) === side);
      const joined = new Set(map.edges.flatMap((e) => (e.from === from.id ? [e.to] : e.to === from.id ? [e.from] : [])));
      const cost = (n: MapNode) => (joined.has(n.id) ? 0 : 1e6) + Math.abs(n.column - from.column) * 1e3 + Math.abs(n.y - from.y);
      return beyond.sort((a, b) => cost(a) - cost(b))[0];
    }
    default:
      return undefined;
  }
}
