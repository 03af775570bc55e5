import { and } from "../../format";

/** A range of response times as an expression, and back. */
const BETWEEN = /(?:^| AND )responsetime >= ([\d.e-]+) AND responsetime <= ([\d.e-]+)$/;

export function brushed(filter: string): [number, number] | null {
  const m = BETWEEN.exec(filter);
  return m ? [Number(m[1]), Number(m[2])] : null;
}

/** A filter without its brush, and the brush's own expression, "" if there is none. */
export function withoutBrush(filter: string): { rest: string; brush: string } {
  const found = BETWEEN.exec(filter)?.[0] ?? "";
  return { rest: filter.slice(0, filter.length - found.length), brush: found.replace(/^ AND /, "") };
}

export function withBrush(filter: string, range: [number, number] | null): string {
  const rest = filter.replace(BETWEEN, "");
  if (!range) return rest;
  // Four digits, rounded outwards: what is at the edge is within.
  const number = (s: number, round: (n: number) => number) => {
    const unit = 10 ** (Math.floor(Math.log10(Math.max(s, 1e-9))) - 3);
    return String(Number((round(s / unit) * unit).toPrecision(6)));
  };
  return and(rest, `responsetime >= ${number(range[0], Math.floor)} AND responsetime <= ${number(range[1], Math.ceil)}`);
}
