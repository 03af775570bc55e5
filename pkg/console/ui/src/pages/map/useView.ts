import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import { select } from "d3-selection";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomTransform } from "d3-zoom";

/** What of the drawing is seen: its middle, in the drawing's units, and the scale. */
export interface View {
  x: number;
  y: number;
  k: number;
}

export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
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

/**
 * Pan and zoom of a drawing by pointer, wheel, touch and buttons. Without a view
 * all of the drawing is seen. moved is called when the reader has moved it.
 */
export function useView(svg: RefObject<SVGSVGElement | null>, group: RefObject<SVGGElement | null>, bounds: Bounds, view: View | null, moved: (view: View) => void) {
  const [width, height] = useSize(svg);
  const [scale, setScale] = useState(1);
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
        .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
          current.current = event.transform;
          group.current?.setAttribute("transform", event.transform.toString());
          setScale(2 ** (Math.floor(Math.log2(event.transform.k) / STEP + 1e-6) * STEP));
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

  const { left, top, right, bottom } = bounds;
  const whole = useCallback((): View => {
    const [w, h] = size.current as [number, number];
    return { x: (left + right) / 2, y: (top + bottom) / 2, k: Math.max(LEAST, Math.min(FIT, w / (right - left), h / (bottom - top))) };
  }, [left, top, right, bottom]);
  useEffect(() => {
    if (width && height) show(view ?? whole());
  }, [width, height, view?.x, view?.y, view?.k, show, whole]);

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
  return { scale, reveal, zoomBy };
}
