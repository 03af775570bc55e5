import { duration } from "../../format";
import { shorten, widthOf } from "./measure";
import { Sheet, type Box } from "./sheet";
import type { MapNode, ServiceMap } from "./types";

// What is written at the nodes of the map, so that it can be read at any zoom and
// nothing overlaps: texts do not get smaller than they can be read, but shorter, or
// are left out, where there is no room. Those of nodes that are not well, and have
// much traffic, go first. What is left out is said of a node that one points at.

/** Pixels on the page below which texts do not go, of names and of figures. */
const NAME = { large: 13, least: 10.5 };
const FIGURES = { large: 11, least: 10 };
/** Weights of the fonts: see drawing.css. */
export const WEIGHT = { name: 600, row: 500, ill: 650, figures: 400 };
/** Between two texts, in parts of the font size. */
const APART = 0.7;
/** The longest name beside which nothing stands, in parts of the font size. */
const LONGEST = 18;
/** Room between columns that names of small rows take. */
const DENSE_BETWEEN = 84 * 0.6;

/** The scale below which a row has a mark in the place of a ring with an icon, and the mark's radius on the page. */
const SMALL = 0.6;
const MARK = 4.5;

/** The outcomes that a ring has arcs for, the worst first. */
export const ARCS = ["fault", "throttle", "error"] as const;
export type Arc = (typeof ARCS)[number];

export interface NodeLabel {
  /** The name, as much of it as there is room for. */
  name: string;
  figures: string;
  /** The share of the worst outcome, and how wide it is. */
  words: string;
  worst: Arc | undefined;
  /** What is written does not say all. */
  cut: boolean;
}

export interface Labels {
  /** Font sizes in the units of the drawing. */
  name: number;
  figures: number;
  /** The baseline of a row's name. */
  rowName: number;
  /** Radius of the mark that stands for a node that is too small for a ring and an icon, else 0. */
  mark: number;
  of: ReadonlyMap<string, NodeLabel>;
  /** Where circles, rows and texts are: for those of edges, which come after. */
  sheet: Sheet;
}

/** Space above and below the baseline that a line of text takes, in parts of the font size. */
export const ABOVE = 0.78;
export const UNDER = 0.24;

/** A line of text about x, or from x on. */
export function lineBox(x: number, baseline: number, width: number, size: number, anchor: "middle" | "start" = "middle"): Box {
  const left = anchor === "middle" ? x - width / 2 : x;
  return { left, right: left + width, top: baseline - size * ABOVE, bottom: baseline + size * UNDER };
}

export const titleOf = (n: MapNode) => (n.kind === "client" ? "clients" : n.label);

/** Baselines of what is written below a circle. */
export const nameLine = (n: MapNode, sizes: { name: number }) => n.size / 2 + sizes.name * 1.2;
export const figuresLine = (n: MapNode, sizes: { name: number; figures: number }, i: number) => nameLine(n, sizes) + sizes.figures * 1.3 * (i + 1);

/** The room that the mark before the words of an outcome takes, in parts of the font size. */
export const MARK_ROOM = 1.1;

/** The share of the worst outcome that is worth its colour: "4.2% fault". */
function wordsOf(n: MapNode): { words: string; worst: Arc | undefined } {
  const worst = ARCS.find((o) => n[o] > 0 && n[o] * 100 >= n.total);
  return { words: worst ? (n.trouble.split(", ").find((part) => part.endsWith(worst)) ?? "") : "", worst };
}

/** What may be said of a node's traffic, the longest first. */
function figuresOf(n: MapNode): string[] {
  if (!n.total) return ["none ended yet", ""];
  return n.kind === "client" ? [n.traffic, ""] : [`${n.traffic} · ${duration(n.mean)}`, duration(n.mean), ""];
}

const rank = (n: MapNode) => (n.outcome === "ok" ? 0 : 1e12) + n.total;

/** How labels are at a scale. */
export function labelsAt(map: ServiceMap, k: number): Labels {
  const size = (of: typeof NAME, large = of.large) => Math.max(large, of.least / k);
  const name = size(NAME, map.dense && !map.outline ? 12 : 13);
  const figures = size(FIGURES, map.dense && !map.outline ? 10 : 11);
  const two = (name + figures) * 1.15 <= map.box[1]; // lines in a row
  const labels = { name, figures, rowName: two ? -name * 0.1 : name * 0.34, mark: map.dense && k < SMALL ? Math.min(12, MARK / k) : 0, of: new Map<string, NodeLabel>(), sheet: new Sheet() };
  const order = [...map.nodes].sort((a, b) => rank(b) - rank(a));
  if (map.dense) rows(map, order, labels, two);
  else circles(order, labels);
  return labels;
}

type Draft = Labels & { of: Map<string, NodeLabel> };

function circles(nodes: readonly MapNode[], labels: Draft) {
  const { sheet } = labels;
  for (const n of nodes) {
    const r = n.size / 2 + 3;
    sheet.add({ left: n.x - r, right: n.x + r, top: n.y - r, bottom: n.y + r });
  }
  const full = nodes.map((n) => Math.min(widthOf(titleOf(n), WEIGHT.name), LONGEST) * labels.name);
  const open = new Set(nodes.keys());
  nodes.forEach((n, i) => {
    open.delete(i);
    const y = n.y + nameLine(n, labels);
    const line = lineBox(n.x, y, 0, labels.name);
    const gap = labels.name * APART;
    // Half of what is between it and those that have no label yet is theirs, if they need it.
    let half = Math.min(full[i]! / 2, sheet.half(line, n.x, gap));
    for (const j of open) {
      const other = nodes[j]!;
      const dx = Math.abs(other.x - n.x);
      if (dx === 0 || Math.abs(other.y + nameLine(other, labels) - y) >= labels.name) continue;
      half = Math.min(half, Math.max((dx - gap) / 2, dx - gap - full[j]! / 2));
    }
    const name = shorten(titleOf(n), (2 * half + 0.01) / labels.name, WEIGHT.name);
    if (name) sheet.add(lineBox(n.x, y, widthOf(name, WEIGHT.name) * labels.name, labels.name));
    labels.of.set(n.id, { name, figures: "", ...wordsOf(n), cut: name !== titleOf(n) });
  });
  for (const n of nodes) below(n, labels.of.get(n.id)!, labels);
}

/** What stands below the name: what is not well before figures. */
function below(n: MapNode, label: NodeLabel, labels: Draft) {
  const { sheet } = labels;
  const box = (text: string, line: number, more = 0) => lineBox(n.x, n.y + figuresLine(n, labels, line), (widthOf(text, WEIGHT.figures) + more) * labels.figures + 4, labels.figures);
  const fits = (text: string, line: number, more = 0) => sheet.free(box(text, line, more));
  const written = label.name !== "";
  const words = written && label.words && fits(label.words, 0, MARK_ROOM) ? label.words : "";
  const most = figuresOf(n);
  // Words move down a line if there is room for figures above them.
  const figures = !written ? "" : (most.find((text) => text && fits(text, 0) && (!words || fits(words, 1, MARK_ROOM))) ?? "");
  if (figures) sheet.add(box(figures, 0));
  if (words) sheet.add(box(words, figures ? 1 : 0, MARK_ROOM));
  label.cut ||= figures !== most[0] || words !== label.words;
  label.figures = figures;
  label.words = words;
}

/** Where what is written on a row begins. */
export const rowText = (map: ServiceMap, n: MapNode) => n.x - map.box[0] / 2 + n.size + 6;

function rows(map: ServiceMap, nodes: readonly MapNode[], labels: Draft, two: boolean) {
  const { sheet } = labels;
  const circle = (n: MapNode): Box => {
    const r = labels.mark || n.size / 2;
    const x = n.x - map.box[0] / 2 + (labels.mark ? n.size - labels.mark : n.size / 2);
    return { left: x - r, right: x + r, top: n.y - r, bottom: n.y + r };
  };
  for (const n of nodes) sheet.add(circle(n));
  for (const n of nodes) {
    const { words, worst } = wordsOf(n);
    const x = rowText(map, n);
    const room = map.outline ? map.box[0] - x : n.x + map.box[0] / 2 + (labels.mark ? DENSE_BETWEEN : 0) - x;
    const weight = n.outcome === "ok" ? WEIGHT.row : WEIGHT.ill;
    const fit = (text: string, baseline: number, size: number, w: number) => {
      const box = lineBox(x, baseline, widthOf(text, w) * size, size, "start");
      if (!text || widthOf(text, w) * size > room || !sheet.free(box)) return false;
      sheet.add(box);
      return true;
    };
    const title = titleOf(n);
    const short = shorten(title, room / labels.name, weight, map.outline ? "end" : "middle");
    const name = fit(short, n.y + labels.rowName, labels.name, weight) ? short : "";
    const lines = !n.total ? [""] : worst ? [`${words} ${duration(n.mean)}`, words] : figuresOf(n);
    const line = two && name ? (lines.find((text) => fit(text, n.y + labels.figures * 1.1, labels.figures, WEIGHT.figures)) ?? "") : "";
    labels.of.set(n.id, { name, words: worst && line ? words : "", figures: worst ? line.slice(words.length + 1) : line, worst, cut: name !== title || line !== lines[0] });
  }
}

/** Where what is written on a row ends: from there, an edge is seen. */
export function rowEnd(map: ServiceMap, n: MapNode, labels: Labels): number {
  const label = labels.of.get(n.id)!;
  const line = [label.words, label.figures].filter(Boolean).join(" ");
  const width = Math.max(widthOf(label.name, n.outcome === "ok" ? WEIGHT.row : WEIGHT.ill) * labels.name, widthOf(line, WEIGHT.figures) * labels.figures);
  return rowText(map, n) + width + 4;
}

/** What a drawing takes at a scale, with what is written. */
export function extents(map: ServiceMap, k: number): Box {
  if (map.outline) return { left: -12, top: -12, right: map.width + 8, bottom: map.height + 40 };
  if (map.dense) return { left: -12, top: -26, right: map.width + 72, bottom: map.height + 12 };
  const labels = labelsAt(map, k);
  const all = labels.sheet.bounds() ?? { left: 0, top: 0, right: map.width, bottom: map.height };
  const margin = Math.max(12 / k, 16);
  // Routes may pass beyond the nodes.
  return { left: all.left - margin, right: all.right + margin, top: Math.min(all.top, 0) - margin, bottom: Math.max(all.bottom, map.height) + margin };
}
