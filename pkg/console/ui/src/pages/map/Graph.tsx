import { useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { duration } from "../../format";
import { useShortcuts } from "../../state/shortcuts";
import { useUrl } from "../../state/url";
import { EdgeMark, EdgeText, NodeMark, type Stress } from "./Drawing";
import { edgeLabels, labelsAt, rowEnd } from "./labels";
import { neighbour } from "./neighbour";
import type { MapNode, ServiceMap } from "./types";
import { parseView, useView, writeView } from "./useView";

/** From how many edges on lines are faint until one points at something. */
const CROWDED = 60;
/** The scale from which a dense map has figures on its edges. */
const CLOSE = 0.9;

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
  const [pointed, setPointed] = useState<string | null>(null);
  const [active, setActive] = useState("");

  const bounds = useMemo(
    () => (map.dense ? { left: -12, top: -26, right: map.width + 72, bottom: map.height + 12 } : { left: -56, top: -24, right: map.width + 72, bottom: map.height + 72 }),
    [map.dense, map.width, map.height],
  );
  const at = params.get("at");
  const view = useMemo(() => parseView(at), [at]);
  const { scale, reveal, zoomBy } = useView(svg, group, bounds, view, (v) => set({ at: writeView(v) }, { replace: true }));

  const nodes = useMemo(() => new Map(map.nodes.map((n) => [n.id, n])), [map]);
  const near = useMemo(() => nearOf(map, pointed ?? chosen), [map, pointed, chosen]);
  const labels = useMemo(() => labelsAt(map, scale), [map, scale]);
  const starts = useMemo(() => new Map(map.dense ? map.nodes.map((n) => [n.id, rowEnd(map, n, labels)]) : []), [map, labels]);
  const texts = useMemo(
    () => edgeLabels(map, labels, near.edges, (!map.dense || scale >= CLOSE || map.edges.length <= CROWDED) && (map.dense || labels.lines > 1), (e) => `${e.traffic} · ${duration(e.mean)}`),
    [map, labels, near, scale],
  );
  const most = useMemo(() => map.edges.reduce((m, e) => Math.max(m, e.total), 0), [map]);

  const keyDown = useCallback(
    (event: KeyboardEvent, node: MapNode) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(node.id);
        return;
      }
      const to = neighbour(map, node, event.key);
      if (!to) return;
      event.preventDefault();
      setActive(to.id);
      reveal(to.x, to.y);
      svg.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(to.id)}"]`)?.focus();
    },
    [map, choose, reveal],
  );
  useShortcuts([
    { keys: "+", help: "larger", run: () => zoomBy(1.4) },
    { keys: "-", help: "smaller", run: () => zoomBy(1 / 1.4) },
    { keys: "0", help: "the whole map", run: () => set({ at: null }, { replace: true }) },
  ]);

  const tab = nodes.has(active) ? active : nodes.has(chosen) ? chosen : map.nodes[0]?.id;
  const stressOf = (id: string, isNear: boolean): Stress => {
    if (id === chosen) return "chosen";
    if (isNear) return "near";
    if (found) return found.has(id) ? "near" : "away";
    return pointed && map.nodes.length > 12 && !isNear ? "away" : "";
  };
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
        <g ref={group}>
          <g aria-hidden="true">
            {map.edges.map((edge) => (
              <EdgeMark key={edge.id} edge={edge} start={map.dense ? starts.get(edge.from) : undefined} most={most} stress={stressOf(edge.id, near.edges.has(edge.id))} faint={map.edges.length > CROWDED} choose={choose} point={setPointed} />
            ))}
          </g>
          {map.nodes.map((node) => (
            <NodeMark
              key={node.id}
              node={node}
              dense={map.dense}
              width={map.box[0]}
              height={map.box[1]}
              labels={labels}
              stress={stressOf(node.id, near.nodes.has(node.id))}
              tab={node.id === tab}
              choose={choose}
              focus={focus}
              point={setPointed}
              keyDown={keyDown}
            />
          ))}
          {map.edges.map((edge) => {
            const label = texts.get(edge.id);
            return label && <EdgeText key={edge.id} edge={edge} label={label} size={labels.figures} />;
          })}
        </g>
      </svg>
      <div className="map-zoom" role="group" aria-label="Zoom">
        <button type="button" className="button" aria-label="Larger" title="Larger (+)" onClick={() => zoomBy(1.4)}>
          +
        </button>
        <button type="button" className="button" aria-label="Smaller" title="Smaller (-)" onClick={() => zoomBy(1 / 1.4)}>
          −
        </button>
        <button type="button" className="button" title="The whole map (0)" disabled={!at} onClick={() => set({ at: null }, { replace: true })}>
          Fit
        </button>
      </div>
      {children}
    </div>
  );
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
