export interface Exception {
  id: string;
  type: string;
  message: string;
  remote: boolean;
  truncated: number;
  skipped: number;
  stack: { path?: string; line?: number; label?: string }[];
  /** Index of the exception that caused this one, -1 for none. */
  cause: number;
  /** Id of the row that has it, if that is another. */
  of: string;
}

/** Exceptions with their stacks, each followed by what caused it. */
export function Exceptions({ list, onSelect }: { list: Exception[]; onSelect: (id: string) => void }) {
  const causes = new Set(list.map((e) => e.cause));
  const order: { exception: Exception; caused: boolean }[] = [];
  const seen = new Set<number>();
  const follow = (start: number) => {
    let caused = false;
    for (let i = start; i >= 0 && !seen.has(i); i = list[i]!.cause) {
      seen.add(i);
      order.push({ exception: list[i]!, caused });
      caused = true;
    }
  };
  list.forEach((_, i) => !causes.has(i) && follow(i));
  list.forEach((_, i) => follow(i)); // circles
  return (
    <ol className="trace-exceptions">
      {order.map(({ exception: e, caused }, i) => (
        <li key={i}>
          {caused && <h3>caused by</h3>}
          <p>
            <strong>{e.type || "exception"}</strong> {e.remote && <span className="trace-tag">remote</span>}
          </p>
          <p className="trace-message">{e.message}</p>
          {e.of && (
            <p>
              told by{" "}
              <button type="button" className="trace-link mono" onClick={() => onSelect(e.of)}>
                {e.of}
              </button>
            </p>
          )}
          <ol className="trace-stack mono">
            {e.stack.map((frame, j) => (
              <li key={j}>
                {frame.label} <span className="dim">{frame.path ? `${frame.path}${frame.line ? `:${frame.line}` : ""}` : ""}</span>
              </li>
            ))}
          </ol>
          {e.truncated > 0 && <p className="dim">{e.truncated} more frames were left out.</p>}
          {e.skipped > 0 && <p className="dim">{e.skipped} more exceptions were left out.</p>}
        </li>
      ))}
    </ol>
  );
}
