// Texts are measured, not estimated: what a letter takes differs from font to font.

const SIZE = 100;
/** How many widths are remembered. */
const MOST = 20_000;

let pen: CanvasRenderingContext2D | null | undefined;
let family = "";
const known = new Map<string, number>();

/** How wide a text is, in parts of its font size. */
export function widthOf(text: string, weight: number): number {
  const key = `${weight} ${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return text.length * 0.6;
  family ||= getComputedStyle(document.body).fontFamily;
  pen.font = `${weight} ${SIZE}px ${family}`;
  const width = pen.measureText(text).width / SIZE;
  if (known.size >= MOST) known.clear();
  known.set(key, width);
  return width;
}

/** Cuts the middle out of a long name: what tells queues and tables apart is mostly at the end. */
function cut(letters: readonly string[], keep: number): string {
  const end = Math.floor((keep - 1) / 2);
  return `${letters.slice(0, keep - 1 - end).join("")}…${end ? letters.slice(-end).join("") : ""}`;
}

/** A name with fewer letters than this says nothing. */
const LEAST = 4;

const cutEnd = (letters: readonly string[], keep: number) => `${letters.slice(0, keep - 1).join("")}…`;

/** A name in as much of a room, in parts of the font size, as there is; "" if it would say nothing. */
export function shorten(name: string, room: number, weight: number, where: "middle" | "end" = "middle"): string {
  const short = where === "end" ? cutEnd : cut;
  if (widthOf(name.slice(0, 400), weight) <= room) return name;
  const letters = [...name];
  let keep = Math.min(letters.length - 1, Math.floor(room / 0.3));
  while (keep >= LEAST && widthOf(short(letters, keep), weight) > room) keep--;
  return keep < LEAST ? "" : short(letters, keep);
}
