import { Link } from "wouter";
import { useUrl } from "../../state/url";
import { withoutBrush } from "./brush";
import type { TraceCounts, TraceRow } from "./types";

/** How many traces it takes that their slowest tenth is more than chance. */
const ENOUGH = 20;

/** The least response time of the slowest tenth, with three digits, or null. */
function slow(rows: readonly TraceRow[]): number | null {
  const times = rows.flatMap((r) => r.responseTime ?? []).toSorted((a, b) => b - a);
  const least = times[Math.floor(times.length / 10)];
  return times.length < ENOUGH || !least ? null : Number(least.toPrecision(3));
}

/** One click to Analytics: the traces in the brush, or the slowest tenth, as B against the rest: of all, if they are counted. */
export function Different({ filter, rows, counts }: { filter: string; rows: readonly TraceRow[]; counts: TraceCounts | null }) {
  const { href } = useUrl();
  const { rest, brush } = withoutBrush(filter);
  const least = counts ? counts.slow && Number(counts.slow.toPrecision(3)) : slow(rows);
  if (!brush && !least) return null;
  const b = brush || `responsetime >= ${least}`;
  return (
    <Link className={`button ${brush ? "primary" : ""}`} href={href("/analytics", { filter: rest || null, b })} title={`Compare ${b} with the rest`}>
      {brush ? "What is different about these?" : "What is different about the slow ones?"}
    </Link>
  );
}
