import { useCallback, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import { select } from "d3-selection";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomTransform } from "d3-zoom";
import type { Box } from "./sheet";

/** What of the drawing is seen: its middle, in the drawing's units, and the scale. */
export interface View {
  x: number;
  y: number;
  k: number;
}

const LEAST = 0.05;
const MOST = 4;
/** A small drawing is not blown up beyond this. */
const FIT = 1.25;
/** Labels are laid out anew when the scale changes by this power of two. */
const STEP = 1 / 8;

export function parseView(text: string | null): View | null {
  const [x, y, k] = (text ?? "").split(",").map(Number);
  if (x === undefined || y === undefined || k === undefined || ![x, y, k].every(Number.isFinite) || k <= 0) return null;
  return { x, y, k: Math.min(Math.max(k, LEAST), MOST) };
}

export function writeView(v: View): string {
  return `${v.x.toFixed(0)},${v.y.toFixed(0)},${v.k.toFixed(3)}`;
}

/** The size of an element, as it changes. */
function useSize(ref: RefObject<Element | null>): [number, number] {
  const [size, setSize] = useState<[number, number]>([0, 0]);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const read = () => setSize([element.clientWidth, element.clientHeight]);
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}

/** What is to be seen of a drawing before the reader moves it. */
export interface Subject {
  /** What it takes at a scale, as labels have a size of their own. */
  extents: (scale: number) => Box;
  /** The scale below which it is not read well: then the part where it begins is seen; null for that where it has the width of its place. */
  least: number | null;
  /** The height where it begins, at its left. */
  entry: number;
}

/** The scale that labels are laid out for: one that is not above it. */
export const stepped = (k: number) => 2 ** (Math.floor(Math.log2(k) / STEP + 1e-6) * STEP);

/**
 * Pan and zoom of a drawing by pointer, wheel, touch and buttons. Without a view
 * all of the drawing is seen, or of one that is too large for that the part where it
 * begins; fit shows all of it. moved is called when the reader has moved it, with
 * null for the view that it has without one. The scale is null until the size of the
 * drawing's place is known.
 */
export function useView(svg: RefObject<SVGSVGElement | null>, group: RefObject<SVGGElement | null>, { extents, least: legible, entry }: Subject, view: View | null, moved: (view: View | null) => void) {
  const [width, height] = useSize(svg);
  const [moving, setScale] = useState<number | null>(null);
  const current = useRef<ZoomTransform>(zoomIdentity);
  const latest = useRef(moved);
  latest.current = moved;
  const size = useRef([width, height]);
  size.current = [width, height];

  const viewOf = useCallback((t: ZoomTransform): View => {
    const [x, y] = t.invert([size.current[0]! / 2, size.current[1]! / 2]);
    return { x, y, k: t.k };
  }, []);
  const behaviour = useMemo(
    () =>
      zoom<SVGSVGElement, unknown>()
        .scaleExtent([LEAST, MOST])
        // As it was measured: d3 would measure the drawing itself, and the browser lay it out for that.
        .extent(() => [
          [0, 0],
          [size.current[0]!, size.current[1]!],
        ])
        .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
          current.current = event.transform;
          group.current?.setAttribute("transform", event.transform.toString());
          setScale(stepped(event.transform.k));
        })
        .on("end", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
          if (event.sourceEvent) latest.current(viewOf(event.transform));
        }),
    [group, viewOf],
  );
  const show = useCallback(
    (v: View) => {
      if (!svg.current) return;
      const [w, h] = size.current as [number, number];
      const to = zoomIdentity.translate(w / 2 - v.x * v.k, h / 2 - v.y * v.k).scale(v.k);
      const c = current.current;
      if (Math.abs(to.x - c.x) < 1 && Math.abs(to.y - c.y) < 1 && Math.abs(to.k / c.k - 1) < 0.002) return;
      select(svg.current).call(behaviour.transform, to);
    },
    [svg, behaviour],
  );

  useLayoutEffect(() => {
    if (!svg.current) return;
    const selection = select(svg.current).call(behaviour).on("dblclick.zoom", null);
    return () => void selection.on(".zoom", null);
  }, [svg, behaviour]);

  const whole = useCallback((): View => {
    const [w, h] = size.current as [number, number];
    let k = FIT;
    for (let i = 0; ; i++) {
      const { left, right, top, bottom } = extents(stepped(k));
      const fits = Math.max(LEAST, Math.min(FIT, w / (right - left), h / (bottom - top)));
      if (i >= 6 || fits >= k) return { x: (left + right) / 2, y: (top + bottom) / 2, k: Math.min(fits, k) };
      k = fits;
    }
  }, [extents]);
  const leastNow = useCallback(() => {
    const { left, right } = extents(1);
    return legible ?? Math.min(FIT, size.current[0]! / (right - left));
  }, [extents, legible]);
  const start = useCallback((): View => {
    const all = whole();
    const least = leastNow();
    if (all.k >= least) return all;
    const [w, h] = size.current as [number, number];
    const { left, right, top, bottom } = extents(stepped(least));
    const along = (low: number, high: number, at: number, room: number) => (high - low <= room ? (low + high) / 2 : Math.min(Math.max(at, low + room / 2), high - room / 2));
    return { x: along(left, right, left, w / least), y: along(top, bottom, entry, h / least), k: least };
  }, [whole, extents, leastNow, entry]);
  // Before anything is drawn, the scale that it will have is known: it is drawn once.
  const scale = moving ?? (width && height ? stepped((view ?? start()).k) : null);
  useLayoutEffect(() => {
    if (width && height) show(view ?? start());
  }, [width, height, view?.x, view?.y, view?.k, show, start]);
  const fit = useCallback(() => {
    const all = whole();
    latest.current(all.k >= leastNow() ? null : all);
  }, [whole, leastNow]);

  /** Moves a place of the drawing into sight, if it is not. */
  const reveal = useCallback(
    (x: number, y: number) => {
      const [w, h] = size.current as [number, number];
      const [px, py] = current.current.apply([x, y]);
      const edge = 48;
      if (px >= edge && py >= edge && px <= w - edge && py <= h - edge) return;
      const v = { x, y, k: current.current.k };
      show(v);
      latest.current(v);
    },
    [show],
  );
  const zoomBy = useCallback(
    (factor: number) => {
      const v = viewOf(current.current);
      const next = { ...v, k: Math.min(Math.max(v.k * factor, LEAST), MOST) };
      show(next);
      latest.current(next);
    },
    [show, viewOf],
  );
  return { scale, reveal, zoomBy, fit };
}
