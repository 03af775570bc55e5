import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, type KeyboardEvent, type Ref } from "react";
import { useWidth } from "../../components/useWidth";
import { duration } from "../../format";
import { expandedOf } from "./model";
import { ROW, Rows, type RowsProps } from "./Rows";

const PAGE = 20;

export interface TimelineHandle {
  /** Brings a position into view. */
  show: (position: number) => void;
  focus: () => void;
}

export interface TimelineProps extends RowsProps {
  /** The reader went to a row by keys. */
  onMove: (position: number) => void;
  onOpen: () => void;
  ref?: Ref<TimelineHandle>;
}

/**
 * The waterfall, as https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/ has tree
 * grids: the grid has the focus, and names the active row.
 */
export function Timeline(props: TimelineProps) {
  const { model, shown, folding, active, onActivate, onMove, onToggle, ref } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const show = useCallback((position: number) => {
    const grid = scroller.current;
    if (!grid || !head.current) return;
    const top = position * ROW;
    const seen = grid.clientHeight - head.current.offsetHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + ROW > grid.scrollTop + seen) grid.scrollTop = top + ROW - seen;
  }, []);
  useImperativeHandle(ref, () => ({ show, focus: () => scroller.current?.focus({ preventScroll: true }) }), [show]);

  const move = (to: number) => {
    const position = Math.min(Math.max(to, 0), shown.rows.length - 1);
    onMove(position);
    show(position);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = shown.rows[active] ?? 0;
    const repeat = shown.repeats[active] ?? -1;
    const expanded = expandedOf(model, folding, row, repeat);
    switch (event.key) {
      case "ArrowDown":
        move(active + 1);
        break;
      case "ArrowUp":
        move(active - 1);
        break;
      case "PageDown":
        move(active + PAGE);
        break;
      case "PageUp":
        move(active - PAGE);
        break;
      case "Home":
        move(0);
        break;
      case "End":
        move(shown.rows.length - 1);
        break;
      case "ArrowRight":
        if (expanded === false) onToggle(row, repeat);
        else if (expanded) move(active + 1);
        break;
      case "ArrowLeft":
        if (expanded) onToggle(row, repeat);
        else {
          let up = active - 1;
          while (up >= 0 && shown.levels[up]! >= shown.levels[active]!) up--;
          if (up >= 0) move(up);
        }
        break;
      case "Enter":
      case " ":
        props.onOpen();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const axis = useRef<HTMLDivElement>(null);
  const ticks = useTicks(props.from, props.to, useWidth(axis));
  // One may come from the map with a row selected.
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current && active >= 0) show(active);
    begun.current = true;
  }, [active, show]);
  return (
    <div
      ref={scroller}
      className="trace-grid"
      role="treegrid"
      aria-label="Timeline"
      aria-rowcount={shown.rows.length + 1}
      aria-activedescendant={active >= 0 ? `row-${active}` : undefined}
      tabIndex={0}
      onKeyDown={key}
    >
      <div role="rowgroup" className="trace-head" ref={head}>
        <div role="row" aria-rowindex={1}>
          <div role="columnheader" className="trace-name">
            Segments and subsegments
          </div>
          <div role="columnheader" className="num trace-took">
            Duration
          </div>
          <div role="columnheader" className="trace-axis" aria-label="Time" ref={axis}>
            {ticks.map((tick) => (
              <span key={tick.value} style={{ left: `${tick.at}%` }}>
                {duration(tick.value / 1e6)}
              </span>
            ))}
          </div>
        </div>
      </div>
      <Rows
        model={model}
        shown={shown}
        folding={folding}
        active={active}
        found={props.found}
        critical={props.critical}
        from={props.from}
        to={props.to}
        onToggle={onToggle}
        onActivate={onActivate}
      />
    </div>
  );
}

/** Round times on the axis. */
function useTicks(from: number, to: number, width: number): { value: number; at: number }[] {
  return useMemo(() => {
    const span = to - from;
    const rough = span / Math.min(Math.max(width / 110, 1), 10);
    const base = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const step = [1, 2, 5, 10].map((m) => m * base).find((s) => s >= rough) ?? rough;
    const ticks = [];
    for (let value = Math.ceil(from / step) * step; value < to - span * 0.06; value += step) ticks.push({ value, at: ((value - from) / span) * 100 });
    return ticks;
  }, [from, to, width]);
}
