import { ABOVE, lineBox, UNDER, WEIGHT, type Labels } from "./labels";
import { widthOf } from "./measure";
import type { MapEdge, ServiceMap } from "./types";

export interface EdgeLabel {
  x: number;
  y: number;
  text: string;
}

/** How far an edge that leads back stands from one that leads there. */
const BESIDE = 8;
/** What a label leaves of an edge where it leaves a node, and of its arrow, in pixels of the drawing. */
const RIM = 7;
const ARROW = 13;
/** Parts of the way where a label may be: in the middle, if there is room. */
const PLACES = [0.5, 0.44, 0.56, 0.37, 0.63, 0.3, 0.7];

type Point = readonly [number, number];

/** The height of a curve of pathOf where a share of its width is done. */
function heightAt(p: Point, q: Point, share: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 12; i++) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) + t ** 3 < share) low = t;
    else high = t;
  }
  return p[1] + (q[1] - p[1]) * (3 * low * low - 2 * low ** 3);
}

/** Where edges have labels: those of most traffic first, as long as there is room. Edges of first go before all others. */
export function edgeLabels(map: ServiceMap, labels: Labels, first: ReadonlySet<string>, all: boolean, texts: (e: MapEdge) => string[]): Map<string, EdgeLabel> {
  const sheet = labels.sheet.copy();
  const out = new Map<string, EdgeLabel>();
  const rank = (e: MapEdge) => (first.has(e.id) ? 1e15 : 0) + (e.outcome === "ok" ? 0 : 1e12) + e.total;
  for (const edge of [...map.edges].sort((a, b) => rank(b) - rank(a))) {
    if (!edge.total || edge.from === edge.to || !(all || first.has(edge.id))) continue;
    for (const text of texts(edge)) {
      const width = widthOf(text, WEIGHT.figures) * labels.figures + 4;
      const place = placesOf(edge, width, labels.figures).find(([x, y]) => sheet.free(lineBox(x, y, width, labels.figures)));
      if (!place) continue;
      sheet.add(lineBox(place[0], place[1], width, labels.figures));
      out.set(edge.id, { x: place[0], y: place[1], text });
      break;
    }
  }
  return out;
}

/** Where a text may stand on an edge: above the line where that is level, else on it. */
function placesOf(edge: MapEdge, width: number, size: number): [number, number][] {
  const { points } = edge;
  const places: [number, number][] = [];
  const down = edge.back ? BESIDE : 0;
  for (let i = points.length - 2; i >= 0; i--) {
    const [p, q] = [points[i]!, points[i + 1]!];
    const [low, high] = p[0] < q[0] ? [p, q] : [q, p];
    const arrow = i === points.length - 2 ? ARROW : RIM;
    const [from, to] = p === low ? [low[0] + RIM, high[0] - arrow] : [low[0] + arrow, high[0] - RIM];
    const flat = i % 2 === 1; // past the nodes of a column
    for (const t of PLACES) {
      const x = low[0] + (high[0] - low[0]) * t;
      const left = x - width / 2;
      if (left < from || left + width > to) continue;
      const at = (place: number) => (flat ? low[1] : heightAt(low, high, (place - low[0]) / (high[0] - low[0])));
      const ends = [at(left), at(left + width)];
      const [top, bottom] = [Math.min(...ends), Math.max(...ends)];
      if (bottom - top > 1.6 * size) places.push([x, at(x) + down + ((ABOVE - UNDER) / 2) * size]);
      else if (edge.back) places.push([x, bottom + down + size * (ABOVE + 0.2)]);
      else places.push([x, top - 4 - size * UNDER]);
    }
  }
  return places;
}

/** The middle of an edge. */
export function middleOf(edge: MapEdge): [number, number] {
  const i = (edge.points.length / 2 - 1) | 0;
  const [p, q] = [edge.points[i]!, edge.points[i + 1]!];
  return [(p[0] + q[0]) / 2 + (edge.from === edge.to ? 27 : 0), (p[1] + q[1]) / 2];
}

/** How round the corners of an edge of an outline are. */
const CORNER = 6;

/** The way of an edge of an outline: straight, with corners. One in a lane begins and ends where the texts of its rows do. */
export function stepsOf(edge: MapEdge, start: number, end: number): string {
  const points: Point[] = edge.points.length === 4 ? edge.points.map(([x, y], i) => [i === 0 ? start : i === 3 ? end : x, y]) : edge.points;
  let d = "";
  points.forEach(([x, y], i) => {
    const [before, next] = [points[i - 1], points[i + 1]];
    if (!before || !next) {
      d += `${before ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      return;
    }
    const from = towards([x, y], before);
    const to = towards([x, y], next);
    d += `L${from}Q${x.toFixed(1)} ${y.toFixed(1)} ${to}`;
  });
  return d;
}

/** A place near a corner on the way to another place. */
function towards([x, y]: Point, [tx, ty]: Point): string {
  const far = Math.hypot(tx - x, ty - y) || 1;
  const part = Math.min(CORNER, far / 2) / far;
  return `${(x + (tx - x) * part).toFixed(1)} ${(y + (ty - y) * part).toFixed(1)}`;
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
