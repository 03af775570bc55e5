import type { Params } from "../../api/endpoint";

/** What the map of a URL is asked by, for a screen. */
export function question(params: URLSearchParams, time: { from: number; to: number }, screen: string | null): Params {
  return { from: time.from.toFixed(3), to: time.to.toFixed(3), filter: params.get("filter"), focus: params.get("focus"), hops: params.get("hops"), screen, patience: 1 };
}
