import type { Params } from "../../api/endpoint";

/** How many traces are asked for to begin with. */
const FIRST = 60;

/** What the first traces of a URL are asked by. */
export function question(params: URLSearchParams, time: { from: number; to: number }): Params {
  return { from: time.from, to: time.to, filter: params.get("filter") ?? "", limit: FIRST };
}
