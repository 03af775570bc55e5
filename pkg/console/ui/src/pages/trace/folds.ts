// Sets of positions as short texts: of 25,000 rows that can be folded, which are.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...LETTERS].map((letter, i) => [letter, i]));

/** Five bits a letter, the lowest first; the sixth says that more follow. */
function writeNumber(n: number): string {
  let text = "";
  for (; n >= 32; n = Math.floor(n / 32)) text += LETTERS[32 + (n % 32)];
  return text + LETTERS[n];
}

/** Ascending positions as the gaps between them. */
function writeGaps(positions: readonly number[]): string {
  let last = -1;
  let text = "";
  for (const position of positions) {
    text += writeNumber(position - last - 1);
    last = position;
  }
  return text;
}

function readGaps(text: string): number[] | null {
  const positions: number[] = [];
  let [last, n, unit] = [-1, 0, 1];
  for (const letter of text) {
    const value = VALUES.get(letter);
    if (value === undefined) return null;
    n += (value % 32) * unit;
    unit *= 32;
    if (value >= 32) continue;
    last += n + 1;
    positions.push(last);
    [n, unit] = [0, 1];
  }
  return positions;
}

/** Six positions a letter. */
function writeBits(of: number, set: ReadonlySet<number>): string {
  let text = "";
  for (let i = 0; i < of; i += 6) {
    let value = 0;
    for (let bit = 0; bit < 6; bit++) if (set.has(i + bit)) value += 2 ** bit;
    text += LETTERS[value];
  }
  return text;
}

function readBits(text: string): number[] | null {
  const positions: number[] = [];
  for (const [i, letter] of [...text].entries()) {
    const value = VALUES.get(letter);
    if (value === undefined) return null;
    for (let bit = 0; bit < 6; bit++) if (Math.floor(value / 2 ** bit) % 2) positions.push(6 * i + bit);
  }
  return positions;
}

/**
 * Writes a set of positions below of, in the shortest way: as the gaps between
 * those that are in it ("i"), or not in it ("o"), or as bits ("b"). It begins with
 * of: a set of something else is not read. It takes of/6 letters at most, and a few
 * for a set of a few or of almost all.
 */
export function writeSet(of: number, set: ReadonlySet<number>): string {
  const [inside, outside]: [number[], number[]] = [[], []];
  for (let i = 0; i < of; i++) (set.has(i) ? inside : outside).push(i);
  const ways = [`i${writeGaps(inside)}`, `o${writeGaps(outside)}`, `b${writeBits(of, set)}`];
  return `${of}.${ways.reduce((best, way) => (way.length < best.length ? way : best))}`;
}

/** Reads what writeSet wrote; null if it is something else. */
export function readSet(of: number, text: string): Set<number> | null {
  const at = text.indexOf(".");
  if (at < 0 || text.slice(0, at) !== String(of)) return null;
  const rest = text.slice(at + 2);
  const positions = text[at + 1] === "b" ? readBits(rest) : readGaps(rest);
  if (!positions || positions.some((p) => p >= of)) return null;
  if (text[at + 1] !== "o") return new Set(positions);
  const outside = new Set(positions);
  const inside = new Set<number>();
  for (let i = 0; i < of; i++) if (!outside.has(i)) inside.add(i);
  return inside;
}
