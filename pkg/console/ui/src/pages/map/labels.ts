import type { MapEdge, MapNode, ServiceMap } from "./types";

// What is written on the map, so that it can be read at any zoom and nothing
// overlaps: texts do not get smaller than they can be read, and shorter where
// there is less room.

/** Pixels on the page below which texts do not go, of names and of figures. */
const NAME = { large: 13, least: 10.5 };
const FIGURES = { large: 11, least: 10 };
/** Widths of a character, on average, in parts of the font size. */
const WIDE = 0.58;
/** Room below a circle that the layout leaves (see place.go), and between columns. */
const BELOW = 62;
const BETWEEN = 132;
const DENSE_BETWEEN = 84;

/** The scale below which a row has a mark in the place of a ring with an icon, and the mark's radius on the page. */
const SMALL = 0.6;
const MARK = 4.5;

export interface Labels {
  /** Font sizes in the units of the drawing. */
  name: number;
  figures: number;
  /** How long a name may be. */
  letters: number;
  /** How many lines a node has. */
  lines: number;
  /** There is room for the response time alone, without the traffic. */
  short: boolean;
  /** Radius of the mark that stands for a node that is too small for a ring and an icon, else 0. */
  mark: number;
}

/** How labels are at a scale. */
export function labelsAt(map: ServiceMap, k: number): Labels {
  const size = (of: typeof NAME, large = of.large) => Math.max(large, of.least / k);
  if (map.dense) {
    const name = size(NAME, 12);
    const mark = k < SMALL ? Math.min(12, MARK / k) : 0;
    const room = map.box[0] - 28 + (mark ? DENSE_BETWEEN * 0.6 : 0);
    const figures = size(FIGURES, 10);
    return { name, figures, letters: Math.floor(room / (name * WIDE)), lines: (name + figures) * 1.15 <= map.box[1] ? 2 : 1, short: room < 19 * figures * WIDE, mark };
  }
  const name = size(NAME);
  const figures = size(FIGURES);
  const room = map.box[0] + BETWEEN - 12;
  return {
    name,
    figures,
    letters: Math.floor(room / (name * WIDE)),
    lines: Math.max(1, Math.min(3, 1 + Math.floor((BELOW - name * 1.3) / (figures * 1.25)))),
    short: room < 17 * figures * WIDE,
    mark: 0,
  };
}

/** Cuts the middle out of a long name: what tells queues and tables apart is mostly at the end. */
export function shorten(name: string, letters: number): string {
  const runes = [...name];
  if (runes.length <= letters) return name;
  if (letters < 4) return runes.slice(0, Math.max(1, letters)).join("");
  const end = Math.floor((letters - 1) / 2);
  return `${runes.slice(0, letters - 1 - end).join("")}…${end ? runes.slice(-end).join("") : ""}`;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const apart = (a: Box, b: Box) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;

/** What a node takes, and what is written on it. */
function boxesOf(map: ServiceMap, n: MapNode, labels: Labels): Box[] {
  if (map.dense) {
    const half = map.box[1] / 2;
    const left = n.x - map.box[0] / 2;
    return [{ left, right: left + map.box[0], top: n.y - half, bottom: n.y + half }];
  }
  const text = Math.max(Math.min([...n.label].length, labels.letters) * labels.name * WIDE, (labels.short ? 8 : 17) * labels.figures * WIDE) / 2;
  const middle = n.y + n.size / 2;
  return [
    { left: n.x - n.size / 2 - 2, right: n.x + n.size / 2 + 2, top: n.y - n.size / 2 - 2, bottom: middle },
    { left: n.x - text, right: n.x + text, top: middle, bottom: middle + labels.name * 1.4 + (labels.lines - 1) * labels.figures * 1.3 },
  ];
}

export interface EdgeLabel {
  x: number;
  y: number;
  text: string;
}

/** A point of an edge's last curve, where the share t of its way is done. */
function along(edge: MapEdge, t: number): [number, number] {
  const p = edge.points[edge.points.length - 2]!;
  const q = edge.points[edge.points.length - 1]!;
  return [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * (3 * t * t - 2 * t * t * t)];
}

const PLACES = [0.6, 0.5, 0.7, 0.4, 0.78, 0.3, 0.22];

/** Where edges have labels: those of most traffic first, as long as there is room. Edges of first go before all others. */
export function edgeLabels(map: ServiceMap, labels: Labels, first: ReadonlySet<string>, all: boolean, text: (e: MapEdge) => string): Map<string, EdgeLabel> {
  const placed = map.nodes.flatMap((n) => boxesOf(map, n, labels));
  const out = new Map<string, EdgeLabel>();
  const rank = (e: MapEdge) => (first.has(e.id) ? 1e12 : 0) + (e.outcome === "ok" ? 0 : 1e9) + e.total;
  for (const edge of [...map.edges].sort((a, b) => rank(b) - rank(a))) {
    if (!edge.total || edge.from === edge.to || !(all || first.has(edge.id))) continue;
    const words = text(edge);
    const half = (words.length * labels.figures * 0.54) / 2 + 2;
    for (const t of PLACES) {
      const [x, onLine] = along(edge, t);
      const y = onLine + (edge.back ? labels.figures + 3 : -4);
      const box = { left: x - half, right: x + half, top: y - labels.figures, bottom: y + 3 };
      if (placed.every((other) => apart(box, other))) {
        placed.push(box);
        out.set(edge.id, { x, y, text: words });
        break;
      }
    }
  }
  return out;
}

const BESIDE = 8;

/** Where what is written on a row ends: from there, an edge is seen. */
export function rowEnd(map: ServiceMap, n: MapNode, labels: Labels): number {
  const name = Math.min([...n.label].length, labels.letters) * labels.name * WIDE;
  const figures = labels.lines > 1 ? (labels.short ? 8 : 19) * labels.figures * WIDE : 0;
  return n.x - map.box[0] / 2 + 30 + Math.max(name, figures) * 1.05;
}

/**
 * The way of an edge: curves between columns, level where it meets them; one that
 * leads back stands beside one that leads there. It begins at the place start, if
 * that is before its own.
 */
export function pathOf(edge: MapEdge, start = Infinity): string {
  const [first, ...rest] = edge.points;
  if (!first) return "";
  const down = edge.back ? BESIDE : 0;
  const at = (x: number, y: number) => `${x.toFixed(1)} ${(y + down).toFixed(1)}`;
  if (edge.from === edge.to) {
    const [x, y] = edge.points[1]!;
    return `M${at(...first)}C${at(first[0] + 36, first[1] - 14)} ${at(x + 36, y + 14)} ${at(x, y)}`;
  }
  let d = start < first[0] && !edge.back ? `M${at(start, first[1])}L${at(...first)}` : `M${at(...first)}`;
  rest.forEach(([x, y], i) => {
    const [px, py] = edge.points[i]!;
    const middle = (px + x) / 2;
    d += i % 2 ? `L${at(x, y)}` : `C${at(middle, py)} ${at(middle, y)} ${at(x, y)}`;
  });
  return d;
}
