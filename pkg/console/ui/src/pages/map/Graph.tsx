import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode, type SyntheticEvent } from "react";
import { duration } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useUrl } from "../../state/url";
import { EdgeMark, EdgeText, NodeMark, Tip, type Stress } from "./Drawing";
import { edgeLabels, middleOf, pathOf, stepsOf, type EdgeLabel } from "./edges";
import { extents, labelsAt, rowEnd } from "./labels";
import { neighbour, type Place } from "./neighbour";
import { nameOf, type MapEdge, type MapNode, type ServiceMap } from "./types";
import { parseView, useView, writeView } from "./useView";
import "./drawing.css";

/** From how many edges on lines are faint until one points at something. */
const CROWDED = 60;
/** The scale from which a dense map has figures on its edges. */
const CLOSE = 0.9;

/** Scales from which on most names can be read, of a map of circles and of one of rows. */
const LEGIBLE = { circles: 0.25, rows: 0.36 };

export interface GraphProps {
  map: ServiceMap;
  chosen: string;
  found: ReadonlySet<string> | null;
  choose: (id: string | null) => void;
  focus: (id: string) => void;
  children?: ReactNode;
}

/** The service map as a drawing that can be moved. */
export function Graph({ map, chosen, found, choose, focus, children }: GraphProps) {
  const { params, set } = useUrl();
  const svg = useRef<SVGSVGElement>(null);
  const group = useRef<SVGGElement>(null);
  const subject = useMemo(() => {
    const first = map.nodes.filter((n) => (map.outline ? n.row : n.column) === 0);
    return { extents: (k: number) => extents(map, k), least: map.outline ? null : map.dense ? LEGIBLE.rows : LEGIBLE.circles, entry: first.reduce((sum, n) => sum + n.y / first.length, 0) };
  }, [map]);
  const at = params.get("at");
  const view = useMemo(() => parseView(at), [at]);
  const { scale, reveal, zoomBy, fit } = useView(svg, group, subject, view, (v) => set({ at: v && writeView(v) }, { replace: true }));
  useShortcuts([
    { keys: "+", help: "larger", run: () => zoomBy(1.4) },
    { keys: "-", help: "smaller", run: () => zoomBy(1 / 1.4) },
    { keys: "0", help: "the whole map", run: fit },
  ]);
  return (
    <div className="map-stage">
      <svg ref={svg} className="map-svg" role="group" aria-label="Service map" onClick={(event) => event.target === svg.current && choose(null)}>
        <defs>
          {["ok", "error", "throttle", "fault", "near"].map((name) => (
            <marker key={name} id={`map-arrow-${name}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
              <path className={`map-arrow ${name}`} d="M0 .5 8 4 0 7.5z" />
            </marker>
          ))}
        </defs>
        <g ref={group}>{scale !== null && <Marks map={map} scale={scale} chosen={chosen} found={found} choose={choose} focus={focus} reveal={reveal} />}</g>
      </svg>
      <div className="map-zoom" role="group" aria-label="Zoom">
        <button type="button" className="button" aria-label="Larger" title="Larger (+)" onClick={() => zoomBy(1.4)}>
          +
        </button>
        <button type="button" className="button" aria-label="Smaller" title="Smaller (-)" onClick={() => zoomBy(1 / 1.4)}>
          −
        </button>
        <button type="button" className="button" title="The whole map (0)" onClick={fit}>
          Fit
        </button>
      </div>
      {children}
    </div>
  );
}

interface MarksProps extends Omit<GraphProps, "children"> {
  scale: number;
  /** Brings a place into view. */
  reveal: (x: number, y: number) => void;
}

/** Nodes, edges and what is written at them. */
function Marks({ map, scale, chosen, found, choose, focus, reveal }: MarksProps) {
  const all = useRef<SVGGElement>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const [active, setActive] = useState("");

  const nodes = useMemo(() => new Map(map.nodes.map((n) => [n.id, n])), [map]);
  const near = useMemo(() => nearOf(map, pointed ?? chosen), [map, pointed, chosen]);
  const labels = useMemo(() => labelsAt(map, scale), [map, scale]);
  const starts = useMemo(() => new Map(map.dense ? map.nodes.map((n) => [n.id, rowEnd(map, n, labels)]) : []), [map, labels]);
  const texts = useMemo(
    () => (map.outline ? new Map<string, EdgeLabel>() : edgeLabels(map, labels, near.edges, !map.dense || scale >= CLOSE || map.edges.length <= CROWDED, (e) => [`${e.traffic} · ${duration(e.mean)}`, duration(e.mean)])),
    [map, labels, near, scale],
  );
  const names = useMemo(() => {
    const name = (id: string) => {
      const n = nodes.get(id);
      return n ? nameOf(n) : "";
    };
    return new Map(map.edges.map((e) => [e.id, `${name(e.from)} → ${name(e.to)}`]));
  }, [map, nodes]);
  const most = useMemo(() => map.edges.reduce((m, e) => Math.max(m, e.total), 0), [map]);

  const edges = useMemo(() => new Map(map.edges.map((e) => [e.id, e])), [map]);
  const cameFrom = useRef("");
  const keyDown = (event: KeyboardEvent) => {
    const id = idAt(event);
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(id);
      return;
    }
    const here = placeOf(nodes.get(id), edges.get(id), cameFrom.current);
    const to = here && neighbour(map, here, event.key);
    if (!to) return;
    event.preventDefault();
    const [next, x, y] = "node" in to ? [to.node.id, to.node.x, to.node.y] : [to.edge.id, ...middleOf(to.edge)];
    if ("edge" in to) cameFrom.current = to.from;
    setActive(next);
    reveal(x, y);
    const name = CSS.escape(next);
    all.current?.querySelector<SVGGElement>(`[data-node="${name}"],[data-edge="${name}"]`)?.focus();
  };
  const listen = {
    onClick: (event: SyntheticEvent) => {
      const id = idAt(event);
      if (id) choose(id);
    },
    onDoubleClick: (event: SyntheticEvent) => {
      const id = idAt(event);
      if (id && nodes.has(id)) focus(id);
    },
    onKeyDown: keyDown,
    onPointerOver: (event: SyntheticEvent) => setPointed(idAt(event)),
    onPointerOut: () => setPointed(null),
    onFocus: (event: SyntheticEvent) => setPointed(idAt(event)),
    onBlur: () => setPointed(null),
  };

  const here = (id: string) => nodes.has(id) || edges.has(id);
  const tab = here(active) ? active : here(chosen) ? chosen : map.nodes[0]?.id;
  const stressOf = (id: string, isNear: boolean): Stress => {
    if (id === chosen) return "chosen";
    if (isNear) return "near";
    if (found) return found.has(id) ? "near" : "away";
    return pointed && map.nodes.length > 12 && !isNear ? "away" : "";
  };
  return (
    <g ref={all} {...listen}>
      <g role="group" aria-label="Calls">
        {map.edges.map((edge) => (
          <EdgeMark
            key={edge.id}
            edge={edge}
            name={names.get(edge.id)!}
            way={map.outline ? stepsOf(edge, starts.get(edge.from)!, starts.get(edge.to)!) : pathOf(edge, starts.get(edge.from))}
            most={most}
            stress={stressOf(edge.id, near.edges.has(edge.id))}
            faint={map.edges.length > CROWDED}
            tab={edge.id === tab}
          />
        ))}
      </g>
      {map.nodes.map((node) => (
        <NodeMark
          key={node.id}
          node={node}
          dense={map.dense}
          width={map.box[0]}
          height={map.box[1]}
          end={map.outline ? map.box[0] : Infinity}
          labels={labels}
          stress={stressOf(node.id, near.nodes.has(node.id))}
          tab={node.id === tab}
        />
      ))}
      {map.edges.map((edge) => {
        const label = texts.get(edge.id);
        return label && <EdgeText key={edge.id} edge={edge} label={label} size={labels.figures} />;
      })}
      {pointed && <Tip node={nodes.get(pointed)} edge={edges.get(pointed)} edgeName={names.get(pointed) ?? ""} dense={map.dense} width={map.box[0]} end={map.outline ? map.width : Infinity} labels={labels} />}
    </g>
  );
}

/** The node or edge that an event is about. */
function idAt(event: SyntheticEvent): string | null {
  const mark = event.target instanceof Element ? event.target.closest<SVGElement>("[data-node],[data-edge]") : null;
  return mark?.dataset.node ?? mark?.dataset.edge ?? null;
}

/** Where one is; of an edge, from the end that one came from, if it was one of its. */
function placeOf(node: MapNode | undefined, edge: MapEdge | undefined, from: string): Place | undefined {
  if (node) return { node };
  return edge && { edge, from: from === edge.to ? from : edge.from };
}

/** The nodes and edges beside what is chosen or pointed at. */
function nearOf(map: ServiceMap, id: string) {
  const near = { nodes: new Set<string>(), edges: new Set<string>() };
  for (const e of map.edges) {
    if (e.id !== id && e.from !== id && e.to !== id) continue;
    near.edges.add(e.id);
    near.nodes.add(e.from).add(e.to);
  }
  return near;
}
