import { memo } from "react";
import { OutcomeMark } from "../../components/Outcome";
import { duration } from "../../format";
import { EXCEPTION, INFERRED, IN_PROGRESS, KINDS, ORPHAN, OUTCOMES, type Model, type Parts } from "./model";

export interface RowProps {
  model: Model;
  row: number;
  repeat: number;
  level: number;
  position: number;
  top: number;
  /** true: children are shown, false: they are hidden, null: there are none. */
  expanded: boolean | null;
  active: boolean;
  found: boolean;
  critical: boolean;
  from: number;
  to: number;
  onToggle: (row: number, repeat: number) => void;
  onActivate: (position: number) => void;
}

/** How deep rows are indented at most. */
const MOST_INDENT = 24;

function at(value: number, from: number, to: number): number {
  return ((value - from) / (to - from)) * 100;
}

/** A background that shows parts of a bar in another colour. */
function stripes(parts: Parts, start: number, length: number, inside: string, outside: string): string {
  const stops: string[] = [];
  let last = 0;
  for (let i = 0; i < parts.length; i += 2) {
    const a = at(parts[i]!, start, start + length).toFixed(2);
    const b = at(parts[i + 1]!, start, start + length).toFixed(2);
    stops.push(`${outside} ${last}% ${a}%`, `${inside} ${a}% ${b}%`);
    last = Number(b);
  }
  stops.push(`${outside} ${last}% 100%`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** One row of the timeline: at most a dozen elements, whatever it shows. */
export const Row = memo(function Row(props: RowProps) {
  const { model, row, repeat, level, position, expanded, from, to } = props;
  const { view } = model;
  const run = repeat >= 0 ? view.repeats[repeat]! : null;
  const flags = view.flags[row]!;
  const running = (flags & IN_PROGRESS) !== 0;
  const result = view.result[row]!;
  const hidden = expanded === false || run ? view.worst[row]! : result;
  const offset = run ? run.from : view.offset[row]!;
  const length = run ? run.to - run.from : view.length[row]!;
  const service = view.service[row]!;
  const color = `of-${service < 0 ? 15 : service % 16}`;
  const last = run ? model.repeatEnd[repeat]! : expanded === false ? model.end[row]! : row + 1;
  const critical = props.critical ? model.criticalParts(row, last) : [];
  const inside = run || expanded === null ? [] : model.waitParts(row);
  const name = run ? `${model.name(row)} × ${run.rows.length}` : model.name(row);
  const text = model.text(row);
  const mark = result ? OUTCOMES[result]! : running ? "progress" : null;
  const outside = offset > to || offset + length < from;

  return (
    <div
      role="row"
      id={`row-${position}`}
      aria-rowindex={position + 2}
      aria-level={level + 1}
      aria-expanded={expanded ?? undefined}
      aria-selected={props.active}
      className={`trace-row${view.kind[row] === 0 && !run ? " segment" : ""}${props.found ? " found" : ""}`}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => props.onActivate(position)}
    >
      <div role="gridcell" className="trace-name" style={{ paddingLeft: Math.min(level, MOST_INDENT) * 12 + 4 }}>
        <span
          className={`trace-toggle${expanded === null ? "" : expanded ? " open" : " closed"}`}
          onClick={(event) => {
            if (expanded === null) return;
            event.stopPropagation();
            props.onToggle(row, repeat);
          }}
        />
        <span className={`dot ${color}`} />
        {mark && <OutcomeMark outcome={mark} bare />}
        {!result && hidden > 0 && (
          <span className="trace-within" title={`${OUTCOMES[hidden]} within`}>
            <OutcomeMark outcome={OUTCOMES[hidden]!} bare />
          </span>
        )}
        <span className="cut" title={`${name}${text ? ` ${text}` : ""} (${KINDS[view.kind[row]!]})`}>
          {name}
          {text && <span className="dim"> {text}</span>}
        </span>
        {flags & ORPHAN ? <span className="trace-tag">parent missing</span> : null}
        {flags & EXCEPTION ? <span className="trace-tag">exception</span> : null}
      </div>
      <div role="gridcell" className="num trace-took">
        {running ? "…" : duration(length / 1e6)}
      </div>
      <div role="gridcell" className="trace-lane" aria-label={`begins after ${duration(offset / 1e6)}`}>
        {!outside && (
          <span
            className={`trace-bar ${color}${inside.length ? " striped" : ""}${running ? " running" : ""}${flags & INFERRED ? " inferred" : ""}`}
            style={{
              left: `${at(offset, from, to)}%`,
              width: `${(length / (to - from)) * 100}%`,
              ...(inside.length ? { background: stripes(inside, offset, length, "var(--wait)", "currentColor") } : {}),
            }}
          />
        )}
        {critical.length > 0 && length > 0 && !outside && (
          <span
            className="trace-critical"
            style={{
              left: `${at(offset, from, to)}%`,
              width: `${(length / (to - from)) * 100}%`,
              background: stripes(critical, offset, length, "var(--text)", "transparent"),
            }}
          />
        )}
      </div>
    </div>
  );
});
