const NUMBER = String.raw`[\d.]+(?:e[-+]?\d+)?`;
const RANGE = new RegExp(String.raw`^(?:(.*) AND )?responsetime >= (${NUMBER}) AND responsetime <= (${NUMBER})$`, "is");

/** An expression, and the range of response times that a brush put at its end. */
export function splitRange(expression: string): { rest: string; range: [number, number] | null } {
  const m = RANGE.exec(expression.trim());
  return m ? { rest: (m[1] ?? "").replace(/^\((.*)\)$/s, "$1"), range: [Number(m[2]), Number(m[3])] } : { rest: expression, range: null };
}

/** The expression with another range of response times, or none. */
export function withRange(expression: string, range: [number, number] | null, and: (a: string, b: string) => string): string {
  const { rest } = splitRange(expression);
  if (!range) return rest;
  const s = (v: number) => String(Number(v.toFixed(6)));
  return and(rest, `responsetime >= ${s(range[0])} AND responsetime <= ${s(range[1])}`);
}

/** How a p-value is written. */
export function pValue(p: number): string {
  if (p >= 0.995) return "1";
  if (p >= 0.01) return p.toFixed(2);
  if (p < 1e-99) return "<1e-99";
  return p.toExponential(0);
}
