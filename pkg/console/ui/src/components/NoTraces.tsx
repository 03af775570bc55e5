import type { Problem } from "../api/client";
import { useTime } from "../state/time";
import { useUrl } from "../state/url";
import { FirstTrace, Nothing } from "./states";

/** No trace is selected: there are none at all (empty), none of this time, or none that the filter matches. */
export function NoTraces({ empty, error, retry }: { empty: boolean; error: Problem | null; retry: () => void }) {
  const { params } = useUrl();
  const time = useTime();
  const filter = params.get("filter") ?? "";
  if (empty && !filter) return <FirstTrace error={error} retry={retry} />;
  return (
    <Nothing title={filter ? "No trace matches" : "No traces in this time"}>
      <p>{filter ? "No trace of this time matches the filter." : `There are traces, but none in the ${time.range?.label ?? "chosen time"}.`}</p>
      <LookElsewhere />
    </Nothing>
  );
}

/** What one can do where a selection has nothing: leave the filter away, or look further back. */
export function LookElsewhere() {
  const { params, set } = useUrl();
  return (
    <div className="actions">
      {params.get("filter") && (
        <button type="button" className="button primary" onClick={() => set({ filter: null })}>
          Without the filter
        </button>
      )}
      <button type="button" className="button" onClick={() => set({ range: "30d", from: null, to: null })}>
        Look in the last 30 days
      </button>
    </div>
  );
}
