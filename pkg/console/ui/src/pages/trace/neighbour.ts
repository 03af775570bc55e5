import { endpoint, request } from "../../api/client";
import type { Range } from "../../state/time";
import { DEFAULT_RANGE, RANGES } from "../../state/time";
import { orderOf, sorted } from "../traces/sort";
import type { TraceList } from "../traces/types";

/** A trace id as W3C has it, whichever form is given. */
const plain = (id: string) => id.replace(/^1-/, "").replaceAll("-", "").toLowerCase();

/** The id of the next (1) or previous (-1) trace of the list that the URL means; "" at its ends. */
export async function neighbour(id: string, params: URLSearchParams, by: 1 | -1): Promise<string> {
  const fixed = [params.get("from"), params.get("to")].map((t) => Date.parse(t ?? "") / 1000);
  const range: Range = RANGES.find((r) => r.name === (params.get("range") ?? DEFAULT_RANGE)) ?? RANGES[1]!;
  const now = Date.now() / 1000;
  const [from, to] = fixed.some(Number.isNaN) ? [now - range.seconds, now] : (fixed as [number, number]);
  const list = await request<TraceList>(endpoint("traces", { from, to, filter: params.get("filter") })).catch(() => null);
  const rows = sorted(list?.traces ?? [], orderOf(params));
  const at = rows.findIndex((t) => plain(t.id) === plain(id));
  return at < 0 ? "" : (rows[at + by]?.id ?? "");
}
