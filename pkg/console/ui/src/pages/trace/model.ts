// A trace as the timeline draws it: the server's columns in typed arrays, and
// which rows are to be seen. Everything here is O(n) or cached per row: traces
// have 50,000 rows.

export interface Repeat {
  rows: number[];
  from: number;
  to: number;
  total: number;
  slowest: number;
}

export interface TraceLink {
  from: string;
  trace: string;
  id: string;
  kind: string;
}

/** A link that another trace has to this one. */
export interface LinkIn {
  trace: string;
  segment: string;
  id: string;
  kind: string;
  start: number;
  request: string;
}

/** The answer of /console/api/trace/{id}; see traceView in trace.go. Times within the trace are in µs. */
export interface TraceView {
  id: string;
  title: string;
  outcome: string;
  method: string;
  url: string;
  status: number;
  user: string;
  start: number;
  duration: number;
  segments: number;
  services: string[];
  orphans: number;
  inProgress: number;
  limited: boolean;
  links: TraceLink[];
  linkedFrom: { newest: LinkIn[]; all: number };
  strings: string[];
  rowId: string[];
  depth: number[];
  kind: number[];
  name: number[];
  text: number[];
  service: number[];
  offset: number[];
  length: number[];
  self: number[];
  result: number[];
  worst: number[];
  flags: number[];
  repeats: Repeat[];
  critical: [number, number, number][];
}

export const KINDS = ["segment", "subsegment", "inferred"] as const;
export const OUTCOMES = ["ok", "error", "throttle", "fault"] as const;
export const IN_PROGRESS = 1;
export const ORPHAN = 2;
export const EXCEPTION = 4;
export const INFERRED = 16;

/** Parts of a bar, as from and to in µs from the start of the trace, one after the other. */
export type Parts = number[];

/** How many parts of a bar are drawn at most: more would be thinner than a pixel. */
const MOST_PARTS = 300;

export class Model {
  readonly count: number;
  readonly depth: Int32Array;
  /** The row after the last one below each row. */
  readonly end: Int32Array;
  /** The row above each row, -1 at the top. */
  readonly parent: Int32Array;
  readonly index = new Map<string, number>();
  /** The repeat that begins at a row, -1 for none. */
  readonly repeatAt: Int32Array;
  readonly repeatEnd: Int32Array;
  /** Rows that did not end well, in order. */
  readonly troubled: number[] = [];

  private readonly criticalRows: Int32Array;
  private readonly critical: [number, number, number][];
  private readonly waits = new Map<number, Parts>();

  constructor(readonly view: TraceView) {
    const n = (this.count = view.rowId.length);
    this.depth = Int32Array.from(view.depth);
    this.end = new Int32Array(n).fill(n);
    this.parent = new Int32Array(n).fill(-1);
    const above: number[] = [];
    for (let i = 0; i < n; i++) {
      const depth = this.depth[i]!;
      while (above.length > depth) this.end[above.pop()!] = i;
      this.parent[i] = above.at(-1) ?? -1;
      above.push(i);
      if (!this.index.has(view.rowId[i]!)) this.index.set(view.rowId[i]!, i);
      if (view.result[i]) this.troubled.push(i);
    }
    this.repeatAt = new Int32Array(n).fill(-1);
    this.repeatEnd = new Int32Array(view.repeats.length);
    view.repeats.forEach((r, i) => {
      this.repeatAt[r.rows[0]!] = i;
      this.repeatEnd[i] = this.end[r.rows.at(-1)!]!;
    });
    this.critical = view.critical.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
    this.criticalRows = Int32Array.from(this.critical, (c) => c[0]);
  }

  name(row: number): string {
    return this.view.strings[this.view.name[row]!]!;
  }

  text(row: number): string {
    return this.view.strings[this.view.text[row]!]!;
  }

  hasChildren(row: number): boolean {
    return this.end[row]! > row + 1;
  }

  /** Where the critical path runs through the rows from row to before end. */
  criticalParts(row: number, end: number): Parts {
    let i = lowerBound(this.criticalRows, row);
    const found: [number, number][] = [];
    for (; i < this.critical.length && this.critical[i]![0] < end; i++) found.push([this.critical[i]![1], this.critical[i]![2]]);
    return merged(found, this.view.duration / 2000);
  }

  /** When a row waited for those directly below it. */
  waitParts(row: number): Parts {
    const known = this.waits.get(row);
    if (known) return known;
    const from = this.view.offset[row]!;
    const to = from + this.view.length[row]!;
    const found: [number, number][] = [];
    for (let child = row + 1; child < this.end[row]!; child = this.end[child]!) {
      const start = Math.max(this.view.offset[child]!, from);
      const stop = Math.min(this.view.offset[child]! + this.view.length[child]!, to);
      if (start < stop) found.push([start, stop]);
    }
    const parts = merged(found, (to - from) / 200);
    this.waits.set(row, parts);
    return parts;
  }
}

function lowerBound(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Joins ranges that touch, or are nearer than gap. */
function merged(ranges: [number, number][], gap = 0): Parts {
  ranges.sort((a, b) => a[0] - b[0]);
  const parts: Parts = [];
  for (const [from, to] of ranges) {
    const last = parts.length - 1;
    if (last > 0 && (from <= parts[last]! + gap || parts.length >= 2 * MOST_PARTS)) parts[last] = Math.max(parts[last]!, to);
    else parts.push(from, to);
  }
  return parts;
}

/** What is folded away: rows whose children are hidden, and repeats that are shown one by one. */
export interface Folding {
  closed: ReadonlySet<number>;
  /** First rows of repeats. */
  opened: ReadonlySet<number>;
  repeats: boolean;
}

/** The rows to be seen, from the top. A repeat that is folded, or the heading of one that is not, has its number. */
export interface Visible {
  rows: Int32Array;
  repeats: Int32Array;
  levels: Int32Array;
}

export function visible(model: Model, folding: Folding): Visible {
  const rows = new Int32Array(model.count + model.view.repeats.length);
  const repeats = new Int32Array(rows.length);
  const levels = new Int32Array(rows.length);
  const ends: number[] = []; // of open repeats around the row
  let n = 0;
  const add = (row: number, repeat: number) => {
    rows[n] = row;
    repeats[n] = repeat;
    levels[n++] = model.depth[row]! + ends.length;
  };
  for (let i = 0; i < model.count; ) {
    while (ends.length && i >= ends.at(-1)!) ends.pop();
    const repeat = folding.repeats ? model.repeatAt[i]! : -1;
    if (repeat >= 0) {
      add(i, repeat);
      if (!folding.opened.has(i)) {
        i = model.repeatEnd[repeat]!;
        continue;
      }
      ends.push(model.repeatEnd[repeat]!);
    }
    add(i, -1);
    i = folding.closed.has(i) ? model.end[i]! : i + 1;
  }
  return { rows: rows.subarray(0, n), repeats: repeats.subarray(0, n), levels: levels.subarray(0, n) };
}

/** Where a row stands, or the nearest row above that hides it. */
export function positionOf(shown: Visible, row: number): number {
  let low = 0;
  let high = shown.rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.rows[middle]! <= row) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The folding in which a row can be seen. */
export function reveal(model: Model, folding: Folding, row: number): Folding {
  const closed = new Set(folding.closed);
  const opened = new Set(folding.opened);
  for (let up = model.parent[row]!; up >= 0; up = model.parent[up]!) closed.delete(up);
  if (folding.repeats) {
    model.view.repeats.forEach((r, i) => {
      if (row >= r.rows[0]! && row < model.repeatEnd[i]!) opened.add(r.rows[0]!);
    });
  }
  return { ...folding, closed, opened };
}

/** true: what is below is shown, false: it is hidden, null: there is nothing. */
export function expandedOf(model: Model, folding: Folding, row: number, repeat: number): boolean | null {
  if (repeat >= 0) return folding.opened.has(row);
  if (!model.hasChildren(row)) return null;
  return !folding.closed.has(row);
}
