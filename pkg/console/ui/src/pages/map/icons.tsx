import type { Kind } from "./types";

// Drawn about the middle, 18 by 18 at most: the shapes that svg.go draws, too.
const PATHS: Record<Kind, string> = {
  client: "M0 -7a3.2 3.2 0 1 1 -.01 0z M-6.5 7.5c0 -4 3 -6.2 6.5 -6.2s6.5 2.2 6.5 6.2z",
  service: "M-7.5 -7.5h15v6h-15z M-7.5 1.5h15v6h-15z M-4.5 -4.5h1 M-4.5 4.5h1",
  function: "M-5 -8h2.5l7 16h2.5 M-.5 -2.5l-5 10.5",
  database: "M-7 -5c0 -3.6 14 -3.6 14 0v10c0 3.6 -14 3.6 -14 0z M-7 -5c0 3.6 14 3.6 14 0 M-7 0c0 3.6 14 3.6 14 0",
  storage: "M-8 -6h16l-2.5 12.5c-.3 1.5 -10.7 1.5 -11 0z M-8 -6c0 -2.5 16 -2.5 16 0c0 2.5 -16 2.5 -16 0",
  queue: "M-8 -5.5h16v11h-16z M-3.5 -2.5v5 M0 -2.5v5 M3.5 -2.5v5",
  topic: "M-5 0a2 2 0 1 1 -.01 0z M-4.5 1.5l9 -6.5 M-3.5 2h8 M-4.5 2.5l9 6.5",
  resource: "M0 -8.5l7.5 4.25v8.5l-7.5 4.25l-7.5 -4.25v-8.5z M-7.5 -4.25l7.5 4.25l7.5 -4.25 M0 0v8.5",
  remote: "M0 -8a8 8 0 1 1 -.01 0z M-8 0h16 M0 -8c-4.5 4 -4.5 12 0 16c4.5 -4 4.5 -12 0 -16",
};

/** The icon of a kind, in a drawing. */
export function KindPath({ kind, scale = 1 }: { kind: Kind; scale?: number }) {
  return <path className="map-icon" d={PATHS[kind]} transform={scale === 1 ? undefined : `scale(${scale})`} />;
}

/** The icon of a kind, in text. */
export function KindIcon({ kind }: { kind: Kind }) {
  return (
    <svg className="map-kind" viewBox="-10 -10 20 20" aria-hidden="true">
      <KindPath kind={kind} />
    </svg>
  );
}
