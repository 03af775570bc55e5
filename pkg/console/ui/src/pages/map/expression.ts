import { OUTCOMES, type Ended } from "./types";

/** A number of seconds in the filter language: with as many digits as it takes, and no more than microseconds. */
export function seconds(value: number): string {
  return String(Number(value.toFixed(6)));
}

/** The filter expression of requests at a node or edge: of some outcomes, in a range of response times, without its end. */
export function expression(of: string, only: readonly Ended[], range: readonly [number, number] | null): string {
  const terms: string[] = [];
  if (only.length && only.length < OUTCOMES.length) terms.push(only.length > 1 ? `(${only.join(" OR ")})` : only[0]!);
  if (range) terms.push(`responsetime >= ${seconds(range[0])}`, `responsetime < ${seconds(range[1])}`);
  return terms.length ? `${of} { ${terms.join(" AND ")} }` : of;
}
