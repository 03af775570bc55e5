import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, type KeyboardEvent, type Ref } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useWidth } from "../../components/useWidth";
import { duration } from "../../format";
import type { Folding, Model, Visible } from "./model";
import { Row } from "./Row";

const ROW = 24;
const PAGE = 20;

export interface TimelineHandle {
  /** Brings a position into view. */
  show: (position: number) => void;
  focus: () => void;
}

export interface TimelineProps {
  model: Model;
  shown: Visible;
  folding: Folding;
  active: number;
  found: ReadonlySet<number>;
  critical: boolean;
  from: number;
  to: number;
  /** A row was clicked. */
  onActivate: (position: number) => void;
  /** The reader went to a row by keys. */
  onMove: (position: number) => void;
  onToggle: (row: number, repeat: number) => void;
  onOpen: () => void;
  ref?: Ref<TimelineHandle>;
}

/** true: what is below is shown, false: it is hidden, null: there is nothing. */
export function expandedOf(model: Model, folding: Folding, row: number, repeat: number): boolean | null {
  if (repeat >= 0) return folding.opened.has(row);
  if (!model.hasChildren(row)) return null;
  return !folding.closed.has(row);
}

/**
 * The waterfall, as https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/ has tree
 * grids: the grid has the focus, and names the active row.
 */
export function Timeline(props: TimelineProps) {
  const { model, shown, folding, active, onActivate, onMove, onToggle, ref } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
    scrollPaddingStart: 28,
  });
  const show = useCallback((position: number) => rows.scrollToIndex(position, { align: "auto" }), [rows]);
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
  useEffect(() => {
    rows.measure();
  }, [rows, shown]);
  // One may come from the map with a row selected.
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current && active >= 0) show(active);
    begun.current = true;
  }, [active, show]);
  // A row that leaves at one end becomes the one that comes at the other:
  // elements are changed, not made.
  const items = rows.getVirtualItems();
  const slots = Math.ceil((items.length + 1) / 32) * 32;
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
      <div role="rowgroup" className="trace-head">
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
      <div role="rowgroup" className="trace-rows" style={{ height: rows.getTotalSize() }}>
        {items.map((item) => {
          const row = shown.rows[item.index]!;
          const repeat = shown.repeats[item.index]!;
          return (
            <Row
              key={item.index % slots}
              model={model}
              row={row}
              repeat={repeat}
              level={shown.levels[item.index]!}
              position={item.index}
              top={item.start}
              expanded={expandedOf(model, folding, row, repeat)}
              active={item.index === active}
              found={props.found.has(row)}
              critical={props.critical}
              from={props.from}
              to={props.to}
              onToggle={onToggle}
              onActivate={onActivate}
            />
          );
        })}
      </div>
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
