import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { flushSync } from "react-dom";
import { expandedOf, type Folding, type Model, type Visible } from "./model";
import { Row } from "./Row";

/** The height of a row in pixels: see trace.css. */
export const ROW = 24;
/** How many rows are drawn beyond those that are seen, on each side. */
const BEYOND = 6;
/** After so many milliseconds without a scroll, the reader is at rest. */
const REST = 150;

export interface RowsProps {
  model: Model;
  shown: Visible;
  folding: Folding;
  active: number;
  found: ReadonlySet<number>;
  critical: boolean;
  from: number;
  to: number;
  onToggle: (row: number, repeat: number) => void;
  /** A row was clicked. */
  onActivate: (position: number) => void;
}

/**
 * The rows that are seen, of however many. Each has a slot, and a row that leaves at
 * one end leaves its slot to the one that comes at the other: while one scrolls,
 * elements change what they say, and none is made, moved or taken away. What they
 * are in scrolls.
 */
export function Rows({ model, shown, folding, active, found, ...rest }: RowsProps) {
  const total = shown.rows.length;
  const box = useRef<HTMLDivElement>(null);
  const { first, slots, begin } = useSlots(box, total);
  const rows = [];
  for (let i = 0; i < slots; i++) {
    const slot = (begin + i) % slots;
    const position = first + ((slot - (first % slots) + slots) % slots);
    const row = shown.rows[position];
    if (row === undefined) continue;
    const repeat = shown.repeats[position]!;
    rows.push(
      <Row
        key={slot}
        model={model}
        row={row}
        repeat={repeat}
        level={shown.levels[position]!}
        position={position}
        top={position * ROW}
        expanded={expandedOf(model, folding, row, repeat)}
        active={position === active}
        found={found.has(row)}
        {...rest}
      />,
    );
  }
  return (
    <div ref={box} role="rowgroup" className="trace-rows" style={{ height: total * ROW }}>
      {rows}
    </div>
  );
}

/**
 * What part of the rows is to be drawn: the first position, how many slots there are,
 * and the slot that is first in the document. At rest that is the one of the first
 * position: who reads the document has the rows in order.
 */
function useSlots(box: RefObject<HTMLDivElement | null>, total: number) {
  const [slots, setSlots] = useState(0);
  const [reached, setReached] = useState(0);
  const [begin, setBegin] = useState(0);
  useLayoutEffect(() => {
    const element = box.current?.parentElement;
    if (!element) return;
    const measure = () => setSlots(Math.ceil(element.clientHeight / ROW) + 1 + 2 * BEYOND);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  useEffect(() => {
    const element = box.current?.parentElement;
    if (!element || !slots) return;
    let rest: ReturnType<typeof setTimeout> | undefined;
    const read = () => Math.floor(element.scrollTop / ROW) - BEYOND;
    const settle = () => setBegin(Math.max(Math.min(read(), total - slots), 0) % slots);
    const scrolled = () => {
      clearTimeout(rest);
      rest = setTimeout(settle, REST);
      flushSync(() => setReached(read())); // before this frame is painted
    };
    setReached(read());
    settle();
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      clearTimeout(rest);
      element.removeEventListener("scroll", scrolled);
    };
  }, [box, slots, total]);
  return { first: Math.max(Math.min(reached, total - slots), 0), slots, begin };
}
