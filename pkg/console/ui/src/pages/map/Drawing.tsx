import { memo } from "react";
import { OutcomeShape } from "../../components/Outcome";
import { count, duration } from "../../format";
import { middleOf, type EdgeLabel } from "./edges";
import { KindPath } from "./icons";
import { ARCS, figuresLine, MARK_ROOM, nameLine, titleOf, WEIGHT, type Labels, type NodeLabel } from "./labels";
import { widthOf } from "./measure";
import { KINDS, nameOf, type MapEdge, type MapNode } from "./types";

/** How a thing stands out: it is chosen, near what is, or not what is looked for. */
export type Stress = "chosen" | "near" | "away" | "";

/** What nodes and edges have alike. What happens at them is for the drawing as a whole to hear; see Graph.tsx. */
interface MarkProps {
  stress: Stress;
  tab: boolean;
}

export interface NodeProps extends MarkProps {
  node: MapNode;
  dense: boolean;
  /** Of the box of each node; a row is not longer than to end. */
  width: number;
  height: number;
  end: number;
  labels: Labels;
}

/** What a screen reader says of a node. */
export function nodeWords(n: MapNode): string {
  const words = [nameOf(n), n.kind === "client" ? "" : KINDS[n.kind], n.type && n.type !== n.kind ? n.type : ""];
  if (n.total) words.push(n.traffic, `mean ${duration(n.mean)}`);
  else words.push("nothing ended yet");
  words.push(n.trouble || (n.total ? "all ok" : ""));
  return words.filter(Boolean).join(", ");
}

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

export const NodeMark = memo(function NodeMark({ node, dense, width, height, end, labels, stress, tab }: NodeProps) {
  const radius = node.size / 2;
  const label = labels.of.get(node.id)!;
  return (
    <g
      className={`map-node ${node.outcome} ${stress}${node.state === "active" || node.kind === "client" ? "" : " outside"}`}
      role="button"
      tabIndex={tab ? 0 : -1}
      aria-pressed={stress === "chosen"}
      aria-label={nodeWords(node)}
      data-node={node.id}
      transform={`translate(${dense ? node.x - width / 2 + radius : node.x} ${node.y})`}
    >
      {dense && <rect className={`map-row${end < Infinity ? " whole" : ""}`} x={-radius - 2} y={-height / 2} width={Math.min(width, end - (node.x - width / 2)) + 4} height={height} rx={4} />}
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
      {dense ? <RowText label={label} labels={labels} x={radius + 6} two={label.figures !== "" || label.words !== ""} /> : <NodeText node={node} label={label} labels={labels} />}
    </g>
  );
});

function RowText({ label, labels, x, two }: { label: NodeLabel; labels: Labels; x: number; two: boolean }) {
  // A name without figures has its middle at that of the circle; see labels.ts.
  return (
    <>
      {label.name && (
        <text className="map-name row" x={x} y={labels.rowName} fontSize={labels.name}>
          {label.name}
        </text>
      )}
      {two && (
        <text className="map-figures row" x={x} y={labels.figures * 1.1} fontSize={labels.figures}>
          {label.words && <tspan className={`map-words ${label.worst}`}>{label.words}</tspan>}
          {label.figures && `${label.words ? " " : ""}${label.figures}`}
        </text>
      )}
    </>
  );
}

function NodeText({ node, label, labels }: { node: MapNode; label: NodeLabel; labels: Labels }) {
  const size = labels.figures;
  const mark = size * 0.85;
  const last = figuresLine(node, labels, label.figures ? 1 : 0);
  const wide = (widthOf(label.words, WEIGHT.figures) + MARK_ROOM) * size;
  const caught = Math.max(node.size, widthOf(label.name, WEIGHT.name) * labels.name);
  return (
    <>
      <rect className="map-catch" x={-caught / 2} y={0} width={caught} height={label.name ? last : node.size / 2} />
      {label.name && (
        <text className="map-name" y={nameLine(node, labels)} fontSize={labels.name}>
          {label.name}
        </text>
      )}
      {label.figures && (
        <text className="map-figures" y={figuresLine(node, labels, 0)} fontSize={size}>
          {label.figures}
        </text>
      )}
      {label.words && label.worst && (
        <g className={`map-words ${label.worst}`}>
          <g transform={`translate(${-wide / 2} ${last - mark * 0.85}) scale(${mark / 12})`}>
            <OutcomeShape outcome={label.worst} />
          </g>
          <text x={(MARK_ROOM * size) / 2} y={last} fontSize={size}>
            {label.words}
          </text>
        </g>
      )}
    </>
  );
}

export interface EdgeProps extends MarkProps {
  edge: MapEdge;
  /** How it is called: "web → orders". */
  name: string;
  /** Its way: the d of a path. */
  way: string;
  faint: boolean;
  /** The most requests that an edge has. */
  most: number;
}

export const EdgeMark = memo(function EdgeMark({ edge, name, way, stress, faint, most, tab }: EdgeProps) {
  const width = 1 + (1.5 * Math.log1p(edge.total)) / Math.log1p(most || 1);
  return (
    <g
      className={`map-edge ${edge.outcome} ${stress}${faint ? " faint" : ""}`}
      role="button"
      tabIndex={tab ? 0 : -1}
      aria-pressed={stress === "chosen"}
      aria-label={`${name}, ${edgeWords(edge)}`}
      data-edge={edge.id}
    >
      <path className="map-hit" d={way} />
      <path className="map-line" d={way} strokeWidth={width} strokeDasharray={edge.link ? "5 4" : undefined} markerEnd={`url(#map-arrow-${stress === "chosen" || stress === "near" ? "near" : edge.outcome})`} />
    </g>
  );
});

/** What is said of an edge: "12 requests, 3% fault, p95 40.0 ms". */
export function edgeWords(e: MapEdge): string {
  const words = [e.link ? "messages that led to traces" : "", `${count(e.total)} ${e.total === 1 ? "request" : "requests"}`];
  if (e.total) words.push(e.trouble || "all ok", `p95 ${duration(e.p95)}`);
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

/** How wide what is said of a thing gets, in parts of the font size. */
const TIP = 26;

/** What has no room on the drawing, of the thing that one points at. A screen reader has it from the thing itself. */
export function Tip({ node, edge, edgeName, dense, width, end, labels }: { node?: MapNode | undefined; edge?: MapEdge | undefined; edgeName: string; dense: boolean; width: number; end: number; labels: Labels }) {
  const size = labels.name;
  const wide = TIP * size;
  let at: [number, number];
  let [title, words] = ["", ""];
  if (node) {
    if (!labels.of.get(node.id)?.cut) return null;
    at = dense ? [node.x - width / 2 + node.size, node.y + node.size / 2 + size * 0.4] : [node.x - wide / 2, node.y + node.size / 2 + size * 0.35];
    title = node.kind === "client" ? titleOf(node) : node.label;
    words = node.total ? [node.traffic, node.kind === "client" ? "" : `mean ${duration(node.mean)}`, node.trouble].filter(Boolean).join(" · ") : "none ended yet";
  } else if (edge) {
    const [x, y] = middleOf(edge);
    at = [x - wide / 2, y + size * 0.8];
    title = edgeName;
    words = edgeWords(edge).replaceAll(", ", " · ");
  } else return null;
  return (
    <foreignObject className={`map-tip${dense && node ? " row" : ""}`} x={Math.min(at[0], end - wide)} y={at[1]} width={wide} height={size * 4} aria-hidden="true" style={{ fontSize: size }}>
      <div>
        <strong>{title}</strong>
        <span>{words}</span>
      </div>
    </foreignObject>
  );
}
