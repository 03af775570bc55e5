import { memo, type KeyboardEvent } from "react";
import { OutcomeShape, WORDS } from "../../components/Outcome";
import { duration } from "../../format";
import { KindPath } from "./icons";
import { pathOf, shorten, type EdgeLabel, type Labels } from "./labels";
import { KINDS, nameOf, type MapEdge, type MapNode } from "./types";

/** How a thing stands out: it is chosen, near what is, or not what is looked for. */
export type Stress = "chosen" | "near" | "away" | "";

export interface NodeProps {
  node: MapNode;
  dense: boolean;
  width: number;
  height: number;
  labels: Labels;
  stress: Stress;
  tab: boolean;
  choose: (id: string) => void;
  focus: (id: string) => void;
  point: (id: string | null) => void;
  keyDown: (event: KeyboardEvent, node: MapNode) => void;
}

/** What a screen reader says of a node. */
export function nodeWords(n: MapNode): string {
  const words = [nameOf(n), n.kind === "client" ? "" : KINDS[n.kind], n.type && n.type !== n.kind ? n.type : ""];
  if (n.total) words.push(n.traffic, `mean ${duration(n.mean)}`);
  else words.push("nothing ended yet");
  words.push(n.trouble || (n.total ? "all ok" : ""));
  return words.filter(Boolean).join(", ");
}

/** The outcomes that a ring has arcs for, the worst first. */
const ARCS = ["fault", "throttle", "error"] as const;

function Ring({ node, radius }: { node: MapNode; radius: number }) {
  const around = 2 * Math.PI * radius;
  let done = 0;
  const wide = radius > 14 ? 4 : 3;
  if (!node.total || node.kind === "client")
    return <circle className={node.state === "active" || node.kind === "client" ? "map-ring" : "map-ring inferred"} r={radius} strokeWidth={1.5} />;
  return (
    <>
      <circle className="map-ring ok" r={radius} strokeWidth={wide} />
      {ARCS.map((outcome) => {
        if (!node[outcome]) return null;
        const length = Math.max((around * node[outcome]) / node.total, Math.min(3, around / 4));
        const turn = (360 * done) / around - 90;
        done += length;
        return <circle key={outcome} className={`map-ring arc ${outcome}`} r={radius} strokeWidth={wide + 1} strokeDasharray={`${length} ${around}`} transform={`rotate(${turn})`} />;
      })}
    </>
  );
}

export const NodeMark = memo(function NodeMark({ node, dense, width, height, labels, stress, tab, choose, focus, point, keyDown }: NodeProps) {
  const radius = node.size / 2;
  const title = shorten(node.kind === "client" ? "clients" : node.label, labels.letters);
  const worst = ARCS.find((o) => node[o] > 0 && node[o] * 100 >= node.total);
  return (
    <g
      className={`map-node ${node.outcome} ${stress}${node.state === "active" || node.kind === "client" ? "" : " outside"}`}
      role="button"
      tabIndex={tab ? 0 : -1}
      aria-pressed={stress === "chosen"}
      aria-label={nodeWords(node)}
      data-node={node.id}
      transform={`translate(${dense ? node.x - width / 2 + radius : node.x} ${node.y})`}
      onClick={() => choose(node.id)}
      onDoubleClick={() => focus(node.id)}
      onKeyDown={(event) => keyDown(event, node)}
      onPointerEnter={() => point(node.id)}
      onPointerLeave={() => point(null)}
    >
      <title>{nodeWords(node)}</title>
      {dense && <rect className="map-row" x={-radius - 2} y={-height / 2} width={width + 4} height={height} rx={4} />}
      {labels.mark > 0 ? (
        <g className="map-mark" transform={`translate(${radius - labels.mark} 0) scale(${labels.mark / 6}) translate(-6 -6)`}>
          <OutcomeShape outcome={node.total ? node.outcome : "progress"} />
        </g>
      ) : (
        <>
          <circle className="map-halo" r={radius + 4} />
          <circle className="map-disc" r={radius} />
          <Ring node={node} radius={radius - 2} />
          <KindPath kind={node.kind} scale={dense ? 0.55 : radius < 20 ? 0.8 : 1} />
        </>
      )}
      {dense ? (
        <>
          <text className="map-name row" x={radius + 6} y={labels.lines > 1 ? -labels.name * 0.1 : labels.name * 0.34} fontSize={labels.name}>
            {title}
          </text>
          {labels.lines > 1 && node.total > 0 && (
            <text className="map-figures row" x={radius + 6} y={labels.figures * 1.1} fontSize={labels.figures}>
              {worst && <tspan className={`map-words ${worst}`}>{`${share(node, worst)} `}</tspan>}
              {node.kind === "client" || labels.short ? (worst ? "" : node.traffic) : worst ? duration(node.mean) : `${node.traffic} · ${duration(node.mean)}`}
            </text>
          )}
        </>
      ) : (
        <NodeText node={node} title={title} labels={labels} worst={worst} />
      )}
    </g>
  );
});

/** The share of an outcome: "4.2% fault". */
function share(node: MapNode, outcome: (typeof ARCS)[number]): string {
  return node.trouble.split(", ").find((part) => part.endsWith(WORDS[outcome])) ?? "";
}

function NodeText({ node, title, labels, worst }: { node: MapNode; title: string; labels: Labels; worst: (typeof ARCS)[number] | undefined }) {
  const first = node.size / 2 + labels.name * 1.2;
  const line = (i: number) => first + labels.figures * 1.3 * i;
  const words = worst ? share(node, worst) : "";
  // With room for one line alone, what is not well goes before figures.
  const figures = labels.lines > 2 || (labels.lines > 1 && !worst);
  const mark = labels.figures * 0.85;
  const last = line(figures ? 2 : 1);
  return (
    <>
      <text className="map-name" y={first} fontSize={labels.name}>
        {title}
      </text>
      {figures && (
        <text className="map-figures" y={line(1)} fontSize={labels.figures}>
          {node.total ? (node.kind === "client" ? node.traffic : labels.short ? duration(node.mean) : `${node.traffic} · ${duration(node.mean)}`) : "none ended yet"}
        </text>
      )}
      {labels.lines > 1 && worst && (
        <g className={`map-words ${worst}`}>
          <g transform={`translate(${-(words.length * labels.figures * 0.27) - mark * 0.75} ${last - mark * 0.85}) scale(${mark / 12})`}>
            <OutcomeShape outcome={worst} />
          </g>
          <text x={mark * 0.5} y={last} fontSize={labels.figures}>
            {words}
          </text>
        </g>
      )}
    </>
  );
}

export interface EdgeProps {
  edge: MapEdge;
  /** Where it begins, if before the side of the row. */
  start: number | undefined;
  stress: Stress;
  faint: boolean;
  /** The most requests that an edge has. */
  most: number;
  choose: (id: string) => void;
  point: (id: string | null) => void;
}

export const EdgeMark = memo(function EdgeMark({ edge, start, stress, faint, most, choose, point }: EdgeProps) {
  const d = pathOf(edge, start);
  const width = 1 + (1.5 * Math.log1p(edge.total)) / Math.log1p(most || 1);
  return (
    <g
      className={`map-edge ${edge.outcome} ${stress}${faint ? " faint" : ""}`}
      data-edge={edge.id}
      onClick={() => choose(edge.id)}
      onPointerEnter={() => point(edge.id)}
      onPointerLeave={() => point(null)}
    >
      <title>{edgeWords(edge)}</title>
      <path className="map-hit" d={d} />
      <path className="map-line" d={d} strokeWidth={width} strokeDasharray={edge.link ? "5 4" : undefined} markerEnd={`url(#map-arrow-${stress === "chosen" || stress === "near" ? "near" : edge.outcome})`} />
    </g>
  );
});

/** What is said of an edge: "12/min, mean 86.0 ms, 4% fault". */
export function edgeWords(e: MapEdge): string {
  const words = [e.link ? "messages that led to traces" : "", e.traffic, e.total ? `mean ${duration(e.mean)}` : "", e.trouble];
  if (e.aliases?.length) words.push(`as ${e.aliases.join(", ")}`);
  return words.filter(Boolean).join(", ");
}

export function EdgeText({ edge, label, size }: { edge: MapEdge; label: EdgeLabel; size: number }) {
  return (
    <text className={`map-edge-text ${edge.outcome}`} x={label.x} y={label.y} fontSize={size} aria-hidden="true">
      {label.text}
    </text>
  );
}
