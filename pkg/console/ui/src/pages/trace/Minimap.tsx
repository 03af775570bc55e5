import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useWidth } from "../../components/useWidth";
import { duration } from "../../format";
import { OUTCOMES, type Model } from "./model";

const HEIGHT = 48;
/** How many bars are drawn at most: drawing must not hold up the page. */
const MOST_BARS = 4000;

/** The whole trace in small: drag chooses a range of time, a click without a drag lets go. */
export function Minimap({
  model,
  zoom,
  onZoom,
}: {
  model: Model;
  zoom: [number, number] | null;
  onZoom: (range: [number, number] | null) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const total = Math.max(model.view.duration, 1);
  const dark = useColorScheme();

  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, model, width);
  }, [model, width, dark]);

  const timeAt = (event: PointerEvent<HTMLElement>) => {
    const rect = event.currentTarget.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - rect.left) / rect.width, 0), 1) * total;
  };
  const up = () => {
    if (!drag) return;
    const [a, b] = [Math.min(...drag), Math.max(...drag)];
    setDrag(null);
    onZoom(b - a < total / 200 ? null : [Math.floor(a), Math.ceil(b)]);
  };
  const key = (event: KeyboardEvent) => {
    const [a, b] = zoom ?? [0, total];
    const span = b - a;
    const clamp = (from: number, length: number): [number, number] => {
      const l = Math.min(Math.max(length, 10), total);
      const f = Math.min(Math.max(from, 0), total - l);
      return [Math.round(f), Math.round(f + l)];
    };
    let next: [number, number] | null;
    if (event.key === "ArrowRight") next = clamp(a + span / 4, span);
    else if (event.key === "ArrowLeft") next = clamp(a - span / 4, span);
    else if (event.key === "+" || event.key === "=") next = clamp(a + span / 4, span / 2);
    else if (event.key === "-") next = clamp(a - span / 2, span * 2);
    else if (event.key === "Escape" && zoom) next = null;
    else return;
    event.preventDefault();
    event.stopPropagation();
    onZoom(next && next[1] - next[0] >= total ? null : next);
  };
  const shown = drag ? [Math.min(...drag), Math.max(...drag)] : zoom;
  return (
    <div className="trace-minimap" ref={box}>
      <div
        className="trace-minimap-area"
        role="application"
        tabIndex={0}
        aria-label={`Overview of the trace. ${zoom ? `Shown: ${duration(zoom[0] / 1e6)} to ${duration(zoom[1] / 1e6)}` : "All of it is shown"}`}
        aria-description="Drag to zoom to a range. Plus and minus zoom, arrow keys move, Escape shows all."
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([timeAt(event), timeAt(event)]);
        }}
        onPointerMove={(event) => drag && setDrag([drag[0], timeAt(event)])}
        onPointerUp={up}
        onPointerCancel={() => setDrag(null)}
        onKeyDown={key}
      >
        <canvas ref={canvas} aria-hidden="true" />
        {shown && (
          <>
            <span className="trace-shade" style={{ left: 0, width: `${(shown[0]! / total) * 100}%` }} />
            <span className="trace-shade" style={{ left: `${(shown[1]! / total) * 100}%`, right: 0 }} />
          </>
        )}
      </div>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, model: Model, width: number) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const { view } = model;
  const probe = canvas.parentElement!;
  const color = (name: string) => {
    probe.style.color = `var(${name})`;
    const value = getComputedStyle(probe).color;
    probe.style.color = "";
    return value;
  };
  const services = Array.from({ length: 16 }, (_, i) => color(`--service-${i}`));
  const marks = OUTCOMES.map((o) => color(`--${o}`));
  const height = Math.max(ratio, (HEIGHT * ratio) / model.count);
  const scale = canvas.width / Math.max(view.duration, 1);
  const bar = (i: number, fill: string) => {
    pen.fillStyle = fill;
    const y = (i / model.count) * HEIGHT * ratio;
    pen.fillRect(view.offset[i]! * scale, y, Math.max(ratio, view.length[i]! * scale), Math.max(ratio, height * 0.8));
  };
  const step = Math.ceil(model.count / MOST_BARS);
  for (let i = 0; i < model.count; i += step) bar(i, services[view.service[i]! < 0 ? 15 : view.service[i]! % 16]!);
  const troubled = Math.ceil(model.troubled.length / MOST_BARS) || 1;
  for (let i = 0; i < model.troubled.length; i += troubled) {
    const row = model.troubled[i]!;
    bar(row, marks[view.result[row]!]!);
  }
}

/** Changes when the page turns light or dark. */
function useColorScheme(): string {
  const [scheme, setScheme] = useState("");
  useEffect(() => {
    const query = window.matchMedia("(prefers-color-scheme: dark)");
    const read = () => setScheme(`${query.matches} ${document.documentElement.dataset.theme ?? ""}`);
    read();
    query.addEventListener("change", read);
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      query.removeEventListener("change", read);
      observer.disconnect();
    };
  }, []);
  return scheme;
}
