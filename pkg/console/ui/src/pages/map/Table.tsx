import { useMemo } from "react";
import { OutcomeMark } from "../../components/Outcome";
import { count, duration, percent } from "../../format";
import { useUrl } from "../../state/url";
import { KindIcon } from "./icons";
import { KINDS, nameOf, type MapNode, type ServiceMap } from "./types";

interface Column {
  id: string;
  name: string;
  number?: boolean;
  value: (n: MapNode) => number | string;
  text?: (n: MapNode) => string;
}

const share = (part: (n: MapNode) => number) => (n: MapNode) => (n.total ? part(n) / n.total : 0);
const time = (of: (n: MapNode) => number) => (n: MapNode) => (n.total ? duration(of(n)) : "–");

const COLUMNS: Column[] = [
  { id: "name", name: "Name", value: (n) => nameOf(n) },
  { id: "type", name: "Type", value: (n) => n.type || KINDS[n.kind] },
  { id: "total", name: "Requests", number: true, value: (n) => n.total, text: (n) => count(n.total) },
  { id: "rate", name: "Traffic", number: true, value: (n) => n.rate, text: (n) => n.traffic },
  { id: "error", name: "Error", number: true, value: share((n) => n.error), text: (n) => percent(share((m) => m.error)(n)) },
  { id: "throttle", name: "Throttle", number: true, value: share((n) => n.throttle), text: (n) => percent(share((m) => m.throttle)(n)) },
  { id: "fault", name: "Fault", number: true, value: share((n) => n.fault), text: (n) => percent(share((m) => m.fault)(n)) },
  { id: "mean", name: "Mean", number: true, value: (n) => n.mean, text: time((n) => n.mean) },
  { id: "p50", name: "p50", number: true, value: (n) => n.p50, text: time((n) => n.p50) },
  { id: "p90", name: "p90", number: true, value: (n) => n.p90, text: time((n) => n.p90) },
  { id: "p99", name: "p99", number: true, value: (n) => n.p99, text: time((n) => n.p99) },
];

/** The nodes of the map as a table: the same numbers. */
export function Table({ map, chosen, found, choose }: { map: ServiceMap; chosen: string; found: ReadonlySet<string> | null; choose: (id: string) => void }) {
  const { params, set } = useUrl();
  const sort = params.get("sort") ?? "-total";
  const down = sort.startsWith("-");
  const by = COLUMNS.find((c) => c.id === sort.replace("-", "")) ?? COLUMNS[2]!;
  const rows = useMemo(() => {
    const compare = (a: MapNode, b: MapNode) => {
      const [x, y] = [by.value(a), by.value(b)];
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
      return (down ? -order : order) || a.id.localeCompare(b.id);
    };
    return map.nodes.filter((n) => !found || found.has(n.id)).sort(compare);
  }, [map, found, by, down]);
  return (
    <div className="map-table" tabIndex={0} role="region" aria-label="Nodes as a table">
      <table>
        <thead>
          <tr>
            {COLUMNS.map((c) => (
              <th key={c.id} className={c.number ? "num" : undefined} aria-sort={c === by ? (down ? "descending" : "ascending") : undefined} scope="col">
                <button type="button" onClick={() => set({ sort: c === by ? (down ? c.id : `-${c.id}`) : c.number ? `-${c.id}` : c.id }, { replace: true })}>
                  {c.name}
                  <span aria-hidden="true">{c === by ? (down ? " ↓" : " ↑") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((n) => (
            <tr key={n.id} className={n.id === chosen ? "chosen" : undefined}>
              {COLUMNS.map((c) =>
                c.id === "name" ? (
                  <th key={c.id} scope="row">
                    <button type="button" aria-pressed={n.id === chosen} onClick={() => choose(n.id)}>
                      <OutcomeMark outcome={n.outcome} bare />
                      <KindIcon kind={n.kind} />
                      <span className="cut">{nameOf(n)}</span>
                    </button>
                  </th>
                ) : (
                  <td key={c.id} className={c.number ? "num" : undefined}>
                    {c.text ? c.text(n) : c.value(n)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
