import { memo, useCallback, useEffect, useImperativeHandle, useMemo, useRef, type KeyboardEvent, type Ref } from "react";
import { Link } from "wouter";
import { useVirtualizer } from "@tanstack/react-virtual";
import { OutcomeMark, type Outcome } from "../../components/Outcome";
import { ServiceDot } from "../../components/service";
import { age, count, dateTime, duration, zone } from "../../format";
import type { Column, Order } from "./sort";
import type { TraceRow } from "./types";

const ROW = 28;
const PAGE = 20;

const HEADS: { column: Column; label: string; num?: boolean }[] = [
  { column: "outcome", label: "Outcome" },
  { column: "request", label: "Request" },
  { column: "status", label: "Status", num: true },
  { column: "service", label: "Entry" },
  { column: "duration", label: "Duration" },
  { column: "services", label: "Services" },
  { column: "segments", label: "Segments", num: true },
  { column: "user", label: "User" },
  { column: "start", label: "Age", num: true },
];

export interface ListHandle {
  /** Brings a row into view. */
  show: (position: number) => void;
  /** Whether the first rows are in view. */
  atTop: () => boolean;
}

export interface ListProps {
  rows: TraceRow[];
  /** All services of the rows, sorted: their colours. */
  services: readonly string[];
  order: Order;
  now: number;
  utc: boolean;
  active: number;
  href: (id: string) => string;
  onActive: (position: number) => void;
  onOpen: (position: number) => void;
  onSort: (column: Column) => void;
  /** Called when the last rows come into view. */
  onEnd?: (() => void) | undefined;
  ref?: Ref<ListHandle>;
}

/** The traces, a row each; only those in view are drawn. */
export function List(props: ListProps) {
  const { rows, services, order, active, onActive, onOpen, onEnd, ref } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
    scrollPaddingStart: 32,
    getItemKey: (i) => rows[i]?.id ?? i,
  });
  const show = useCallback((position: number) => virtual.scrollToIndex(position, { align: "auto" }), [virtual]);
  useImperativeHandle(ref, () => ({ show, atTop: () => (scroller.current?.scrollTop ?? 0) < ROW }), [show]);
  const atEnd = (virtual.range?.endIndex ?? -1) + 3 * PAGE >= rows.length;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd]);
  const longest = useMemo(() => rows.reduce((most, r) => Math.max(most, r.duration ?? 0), 0), [rows]);

  const key = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + PAGE, PageUp: active - PAGE, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      const position = Math.min(Math.max(to, 0), rows.length - 1);
      onActive(position);
      show(position);
    } else if (event.key === "Enter" && active >= 0) onOpen(active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={scroller}
      className="traces-grid"
      role="grid"
      aria-label="Traces"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={active >= 0 ? `trace-${active}` : undefined}
      tabIndex={0}
      onKeyDown={key}
    >
      <div role="rowgroup" className="traces-head">
        <div role="row" aria-rowindex={1} className="traces-columns">
          {HEADS.map((h) => (
            <div
              key={h.column}
              role="columnheader"
              className={`traces-${h.column}${h.num ? " num" : ""}`}
              aria-sort={order.by === h.column ? (order.down ? "descending" : "ascending") : "none"}
            >
              <button type="button" onClick={() => props.onSort(h.column)}>
                {h.label}
                <span aria-hidden="true">{order.by === h.column ? (order.down !== (h.column === "start") ? " ↓" : " ↑") : ""}</span>
              </button>
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="traces-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <Line
                key={row.id}
                row={row}
                position={item.index}
                top={item.start}
                active={item.index === active}
                longest={longest}
                services={services}
                age={age(props.now - row.start)}
                utc={props.utc}
                href={props.href(row.id)}
                onActive={onActive}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface LineProps {
  row: TraceRow;
  position: number;
  top: number;
  active: boolean;
  longest: number;
  services: readonly string[];
  age: string;
  utc: boolean;
  href: string;
  onActive: (position: number) => void;
}

const Line = memo(function Line({ row, position, top, active, longest, services, age: old, utc, href, onActive }: LineProps) {
  const seconds = row.duration;
  return (
    <div
      role="row"
      id={`trace-${position}`}
      aria-rowindex={position + 2}
      aria-selected={active}
      className="traces-row traces-columns"
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onActive(position)}
    >
      <div role="gridcell" className="traces-outcome">
        <OutcomeMark outcome={row.outcome as Outcome} />
      </div>
      <div role="gridcell" className="traces-request cut">
        <Link href={href} title={row.url || row.id} tabIndex={-1}>
          {row.request}
        </Link>
        {row.partial && <span className="traces-badge">partial</span>}
      </div>
      <div role="gridcell" className="traces-status num">
        {row.status || ""}
      </div>
      <div role="gridcell" className="traces-service cut">
        {row.service}
      </div>
      <div role="gridcell" className="traces-duration">
        <span className="num">{seconds === null ? "…" : duration(seconds)}</span>
        <span className="traces-lane">
          {seconds !== null && longest > 0 && <span className={`traces-bar ${row.outcome}`} style={{ width: `${(seconds / longest) * 100}%` }} />}
        </span>
      </div>
      <div role="gridcell" className="traces-services cut" title={row.services.join(", ")}>
        <span className="num">{count(row.services.length)}</span>
        <span className="traces-names">
          {row.services.map((name) => (
            <span key={name}>
              <ServiceDot name={name} sorted={services} />
              <span className="traces-name"> {name}</span>
            </span>
          ))}
        </span>
      </div>
      <div role="gridcell" className="traces-segments num">
        {row.segments ? count(row.segments) : ""}
      </div>
      <div role="gridcell" className="traces-user cut">
        {row.user}
      </div>
      <div role="gridcell" className="traces-start num" title={`${dateTime(row.start, utc)} ${zone(utc)}; ${dateTime(row.start, !utc)} ${zone(!utc)}`}>
        {old}
      </div>
    </div>
  );
});
