import { useCallback, useRef, useState } from "react";
import type { ServiceMap } from "./types";

/** What a map consists of, but for figures. */
function shapeOf(map: ServiceMap): string {
  return [...map.nodes, ...map.edges].map((x) => x.id).sort().join("\n");
}

/**
 * Holds the places of a map while live data arrive: figures change where they
 * are. When nodes or edges came or went, changed says so, and show takes them in.
 * key changes when the reader asks for another map.
 */
export function useHeld(data: ServiceMap | undefined, live: boolean, key: string) {
  const held = useRef<{ map: ServiceMap; shape: string; key: string } | null>(null);
  const [, redraw] = useState(0);
  const show = useCallback(() => {
    held.current = null;
    redraw((n) => n + 1);
  }, []);
  if (!data) return { map: data, changed: false, show };
  const shape = shapeOf(data);
  const before = held.current;
  if (!live || !before || before.key !== key || before.map.nodes.length === 0 || before.shape === shape) {
    if (before?.map !== data || before.key !== key) held.current = { map: data, shape, key };
    return { map: data, changed: false, show };
  }
  const nodes = new Map(data.nodes.map((n) => [n.id, n]));
  const edges = new Map(data.edges.map((e) => [e.id, e]));
  const map = {
    ...before.map,
    nodes: before.map.nodes.map((n) => ({ ...(nodes.get(n.id) ?? n), x: n.x, y: n.y, size: n.size, column: n.column, row: n.row })),
    edges: before.map.edges.map((e) => ({ ...(edges.get(e.id) ?? e), points: e.points, back: e.back })),
  };
  return { map, changed: true, show };
}
