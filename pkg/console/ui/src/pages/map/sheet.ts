export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const apart = (a: Box, b: Box) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;

/** The height of a band: boxes are found by the bands that they are in. */
const BAND = 64;

/** What is taken of a drawing. */
export class Sheet {
  private readonly bands = new Map<number, Box[]>();
  private all: Box | undefined;

  add(box: Box) {
    for (let i = Math.floor(box.top / BAND); i <= Math.floor(box.bottom / BAND); i++) {
      const band = this.bands.get(i);
      if (band) band.push(box);
      else this.bands.set(i, [box]);
    }
    const a = this.all;
    this.all = a ? { left: Math.min(a.left, box.left), right: Math.max(a.right, box.right), top: Math.min(a.top, box.top), bottom: Math.max(a.bottom, box.bottom) } : { ...box };
  }

  private *beside(box: Box) {
    for (let i = Math.floor(box.top / BAND); i <= Math.floor(box.bottom / BAND); i++) yield* this.bands.get(i) ?? [];
  }

  /** Whether nothing is where the box is. */
  free(box: Box): boolean {
    for (const other of this.beside(box)) if (!apart(box, other)) return false;
    return true;
  }

  /** How far a line may reach to both sides of x, at a distance from all that is beside it. */
  half(line: Box, x: number, distance: number): number {
    let half = Infinity;
    for (const other of this.beside(line)) {
      if (other.bottom <= line.top || line.bottom <= other.top) continue;
      half = Math.min(half, other.left > x ? other.left - x - distance : other.right < x ? x - other.right - distance : 0);
    }
    return Math.max(half, 0);
  }

  copy(): Sheet {
    const sheet = new Sheet();
    for (const [i, boxes] of this.bands) sheet.bands.set(i, [...boxes]);
    sheet.all = this.all;
    return sheet;
  }

  /** What all of it takes; nothing if it is empty. */
  bounds(): Box | undefined {
    return this.all;
  }
}
