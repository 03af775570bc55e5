import { OutcomeMark, type Outcome } from "../../components/Outcome";
import { ServiceDot } from "../../components/service";
import { and, count, percent } from "../../format";
import { useUrl } from "../../state/url";
import type { Refiner } from "./types";

const TITLES: Record<string, string> = {
  outcome: "Outcome",
  url: "URL",
  method: "Method",
  status: "Status",
  user: "User",
  service: "Service",
  "responsetime cause": "Slow because of",
  "fault cause": "Fault because of",
  "error cause": "Error because of",
};

function title(name: string): string {
  return TITLES[name] ?? name.replace(/^annotation\./, "");
}

/** Adds an expression to a filter, or takes it away if it is there. */
export function toggled(filter: string, expression: string): string {
  if (filter === expression) return "";
  if (filter.endsWith(` AND ${expression}`)) return filter.slice(0, -` AND ${expression}`.length);
  if (filter.startsWith(`${expression} AND `)) return filter.slice(`${expression} AND `.length);
  return and(filter, expression);
}

function holds(filter: string, expression: string): boolean {
  return filter === expression || filter.endsWith(` AND ${expression}`) || filter.startsWith(`${expression} AND `);
}

/** What the traces have, with counts; a click adds it to the filter. Of is what is counted, in words. */
export function Refiners({ refiners, total, of, services }: { refiners: Refiner[]; total: number; of: string; services: readonly string[] }) {
  const { params, set } = useUrl();
  const filter = params.get("filter") ?? "";
  return (
    <div className="traces-refiners">
      <p className="dim" role="status" aria-label="What is counted">
        {of}
      </p>
      {refiners.map((refiner) => (
        <section key={refiner.name} aria-label={title(refiner.name)}>
          <h2>
            {title(refiner.name)}
            {refiner.name.startsWith("annotation.") && <span className="dim"> annotation</span>}
          </h2>
          <ul>
            {refiner.values.map((v) => {
              const on = holds(filter, v.filter);
              return (
                <li key={v.value}>
                  <button
                    type="button"
                    className="traces-value"
                    aria-pressed={on}
                    title={`${on ? "Without" : "Only"} ${v.filter} (${percent(v.count / total)})`}
                    onClick={() => set({ filter: toggled(filter, v.filter) })}
                  >
                    <span className="traces-share" style={{ width: `${(v.count / total) * 100}%` }} />
                    {refiner.name === "outcome" ? <OutcomeMark outcome={v.value as Outcome} /> : <Value refiner={refiner.name} value={v.value} services={services} />}
                    <span className="num">{count(v.count)}</span>
                  </button>
                </li>
              );
            })}
          </ul>
          {refiner.more > 0 && <p className="dim">and {count(refiner.more)} more values</p>}
        </section>
      ))}
    </div>
  );
}

function Value({ refiner, value, services }: { refiner: string; value: string; services: readonly string[] }) {
  return (
    <span className="cut" title={value}>
      {refiner === "service" && <ServiceDot name={value} sorted={services} />} {value}
    </span>
  );
}
