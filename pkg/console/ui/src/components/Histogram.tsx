import { useId, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { count, duration } from "../format";
import { useWidth } from "./useWidth";

export interface HistogramProps {
  /** Limits of the bins, one more than there are bins, ascending. */
  edges: readonly number[];
  /** How many are in each bin. */
  counts: readonly number[];
  /** A second set in the same bins, drawn as a line over the first. */
  other?: readonly number[] | undefined;
  /** What is selected, or null. */
  selected?: readonly [number, number] | null;
  /** Called with a range, or null for none, when the reader has chosen. Without it there is no brush. */
  onSelect?: (range: [number, number] | null) => void;
  label: string;
  height?: number;
  /** How a value on the axis is written; a duration if not given. */
  format?: (value: number) => string;
  /** How what is in a bin is written; a count if not given. */
  write?: (n: number) => string;
}

const BOTTOM = 20;

/** A histogram with bins of equal width on the page and, with onSelect, a brush: drag, or arrows with shift on the focused chart. */
export function Histogram({ edges, counts, other, selected = null, onSelect, label, height = 88, format = duration, write = count }: HistogramProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const help = useId();
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const bins = counts.length;
  const most = Math.max(...counts, ...(other ?? [])) || 1;
  const plot = height - BOTTOM;
  const step = bins ? width / bins : width;

  // From the page to values and back, linear within a bin.
  const valueAt = (x: number) => {
    if (x > width - 3) return edges[bins]!; // the edge is easily missed
    const at = Math.min(Math.max(x / step, 0), bins);
    const i = Math.min(Math.floor(at), bins - 1);
    return edges[i]! + (edges[i + 1]! - edges[i]!) * (at - i);
  };
  const placeOf = (value: number) => {
    if (value <= edges[0]!) return 0;
    for (let i = 0; i < bins; i++) {
      if (value <= edges[i + 1]!) return (i + (value - edges[i]!) / (edges[i + 1]! - edges[i]! || 1)) * step;
    }
    return width;
  };
  const xOf = (event: PointerEvent<SVGSVGElement>) => event.clientX - event.currentTarget.getBoundingClientRect().left;

  const down = (event: PointerEvent<SVGSVGElement>) => {
    if (!onSelect || event.button !== 0 || !bins) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag([xOf(event), xOf(event)]);
  };
  const moved = (event: PointerEvent<SVGSVGElement>) => drag && setDrag([drag[0], xOf(event)]);
  const up = () => {
    if (!drag || !onSelect) return;
    setDrag(null);
    const [from, to] = drag[0] < drag[1] ? drag : [drag[1], drag[0]];
    onSelect(to - from < 3 ? null : [valueAt(from), valueAt(to)]);
  };
  const key = (event: KeyboardEvent) => {
    if (!onSelect || !bins) return;
    if (event.key === "Escape" && selected) {
      event.stopPropagation();
      onSelect(null);
      return;
    }
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const at = (v: number) => Math.round(placeOf(v) / step);
    let [from, to] = selected ? [at(selected[0]), at(selected[1])] : [0, bins];
    if (event.shiftKey) to = Math.min(Math.max(to + by, from + 1), bins);
    else from = Math.min(Math.max(from + by, 0), to - 1);
    onSelect([edges[from]!, edges[to]!]);
  };

  const brush = drag ? [Math.min(...drag), Math.max(...drag)] : selected ? [placeOf(selected[0]), placeOf(selected[1])] : null;
  const ticks = Math.max(2, Math.min(6, Math.floor(width / 90)));
  const line = other?.map((n, i) => `${i ? "L" : "M"}${(i * step).toFixed(1)} ${(plot - (n / most) * (plot - 4)).toFixed(1)}h${step.toFixed(1)}`).join("");

  return (
    <div ref={box}>
      {width > 0 && (
        <svg
          className="histogram"
          height={height}
          width={width}
          viewBox={`0 0 ${width} ${height}`}
          role={onSelect ? "application" : "img"}
          aria-label={label}
          aria-describedby={onSelect ? help : undefined}
          tabIndex={onSelect ? 0 : undefined}
          onPointerDown={down}
          onPointerMove={moved}
          onPointerUp={up}
          onPointerCancel={() => setDrag(null)}
          onKeyDown={key}
        >
          {counts.map((n, i) => {
            const h = n ? Math.max(1, (n / most) * (plot - 4)) : 0;
            return (
              <rect key={i} className="bar" x={i * step + 0.5} width={Math.max(1, step - 1)} y={plot - h} height={h}>
                <title>{`${format(edges[i]!)} to ${format(edges[i + 1]!)}: ${write(n)}${other ? `, ${write(other[i] ?? 0)}` : ""}`}</title>
              </rect>
            );
          })}
          {line && <path className="bar b" d={line} />}
          <line className="axis" x1={0} x2={width} y1={plot + 0.5} y2={plot + 0.5} />
          {bins > 0 &&
            Array.from({ length: ticks }, (_, i) => {
              const x = (i / (ticks - 1)) * width;
              return (
                <text key={i} x={x} y={height - 5} textAnchor={i === 0 ? "start" : i === ticks - 1 ? "end" : "middle"}>
                  {format(valueAt(x))}
                </text>
              );
            })}
          {brush && <rect className="brush" x={brush[0]} y={0.5} width={Math.max(1, brush[1]! - brush[0]!)} height={plot} />}
        </svg>
      )}
      {onSelect && (
        <span id={help} className="hidden">
          Drag to select a range. Arrow keys move its start, with shift its end; Escape lets go.
        </span>
      )}
    </div>
  );
}
