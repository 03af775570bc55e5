import { useId } from "react";
import { Link } from "wouter";
import { useApi } from "../../api/client";
import { Copy } from "../../components/Copy";
import { OutcomeMark, type Outcome } from "../../components/Outcome";
import { Failed, Loading } from "../../components/states";
import { Tabs } from "../../components/Tabs";
import { and } from "../../format";
import { useUrl } from "../../state/url";
import { Exceptions, type Exception } from "./Exceptions";
import type { TraceLink } from "./model";

interface Fact {
  name: string;
  value: string;
  link?: boolean;
}

/** The answer of /console/api/trace/{id}/segment/{segment}; see segmentView in trace_segment.go. */
interface Segment {
  id: string;
  name: string;
  service: string;
  kind: string;
  outcome: string;
  overview: Fact[];
  http: Fact[];
  resources: Fact[];
  annotations: { key: string; value: string; filter: string }[];
  metadata: { name: string; values: Record<string, unknown> }[];
  exceptions: Exception[];
  sql: Fact[];
  query: string;
  links: TraceLink[];
  raw: unknown;
}

const ORDER = ["overview", "resources", "annotations", "metadata", "exceptions", "sql", "json", "span"] as const;
type TabName = (typeof ORDER)[number];
const TITLES: Record<TabName, string> = {
  overview: "Overview",
  resources: "Resources",
  annotations: "Annotations",
  metadata: "Metadata",
  exceptions: "Exceptions",
  sql: "SQL",
  json: "JSON",
  span: "OTLP span",
};

/** What is known of the selected row. It keeps its tab while one moves through rows. */
export function Details({ trace, segment, onSelect, onClose }: { trace: string; segment: string; onSelect: (id: string) => void; onClose: () => void }) {
  const { params, set } = useUrl();
  const tab = (ORDER.find((t) => t === params.get("tab")) ?? "overview") as TabName;
  const { data, error, refetch } = useApi<Segment>(`trace/${trace}/segment/${segment}`);
  const count: Partial<Record<TabName, number>> = data
    ? { annotations: data.annotations.length, metadata: data.metadata.length, exceptions: data.exceptions.length, sql: data.query || data.sql.length ? 1 : 0, resources: data.resources.length }
    : {};
  // A tab with nothing in it is left out, unless it is the one that is looked at.
  const tabs = ORDER.filter((id) => count[id] !== 0 || id === tab).map((id) => ({
    id,
    label: (
      <>
        {TITLES[id]}
        {id !== "resources" && id !== "sql" && count[id] ? <span className="dim"> {count[id]}</span> : null}
      </>
    ),
  }));
  return (
    <aside className="trace-panel" aria-label="Selected segment">
      <header>
        {data && <OutcomeMark outcome={data.outcome as Outcome} />}
        <h2 className="cut" title={data?.name}>
          {data?.name ?? "…"}
        </h2>
        <button type="button" className="button plain" onClick={onClose} aria-label="Close the panel">
          ✕
        </button>
      </header>
      <Tabs tabs={tabs} selected={tab} onSelect={(id) => set({ tab: id === "overview" ? null : id }, { replace: true })} label="Of the segment">
        {error && !data && <Failed error={error} retry={() => void refetch()} />}
        {!data && !error && <Loading what="the segment" />}
        {data && <Body tab={tab} data={data} trace={trace} segment={segment} onSelect={onSelect} />}
      </Tabs>
    </aside>
  );
}

function Body({ tab, data, trace, segment, onSelect }: { tab: TabName; data: Segment; trace: string; segment: string; onSelect: (id: string) => void }) {
  const { href, params } = useUrl();
  switch (tab) {
    case "overview":
      return (
        <>
          <Facts facts={data.overview} onSelect={onSelect} />
          {data.http.length > 0 && <Facts title="HTTP" facts={data.http} />}
          {data.links.length > 0 && (
            <>
              <h3>Linked traces</h3>
              <ul>
                {data.links.map((l) => (
                  <li key={l.trace + l.id}>
                    <Link className="mono" href={href(`/trace/${l.trace}`, { segment: l.id })}>
                      {l.trace}
                    </Link>{" "}
                    <span className="dim">{l.kind}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      );
    case "resources":
      return data.resources.length ? <Facts facts={data.resources} /> : <None what="It names no resource." />;
    case "annotations":
      if (!data.annotations.length) return <None what="It has no annotations. Attributes become annotations, which filters find, if the exporter's indexed_attributes names them." />;
      return (
        <dl className="facts">
          {data.annotations.map((a) => (
            <div key={a.key} className="trace-fact">
              <dt>{a.key}</dt>
              <dd>
                <Link href={href("/traces", { filter: and(params.get("filter") ?? "", a.filter) })} title={`Traces with ${a.filter}`}>
                  {a.value}
                </Link>
              </dd>
            </div>
          ))}
        </dl>
      );
    case "metadata":
      if (!data.metadata.length) return <None what="It has no metadata." />;
      return data.metadata.map((n) => (
        <section key={n.name}>
          <h3>{n.name}</h3>
          <dl className="facts">
            {Object.entries(n.values).map(([key, value]) => (
              <div key={key} className="trace-fact">
                <dt>{key}</dt>
                <dd className={typeof value === "string" ? undefined : "mono"}>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ));
    case "exceptions":
      return data.exceptions.length ? <Exceptions list={data.exceptions} onSelect={onSelect} /> : <None what="It tells of no exception." />;
    case "sql":
      if (!data.query && !data.sql.length) return <None what="It is no query of a database." />;
      return (
        <>
          {data.query && <Code text={data.query} label="The query" />}
          <Facts facts={data.sql} />
        </>
      );
    case "json":
      return <Code text={JSON.stringify(data.raw, null, 2)} label="The document" />;
    case "span":
      return <Span trace={trace} segment={segment} />;
  }
}

/** The scope of spans that X-Ray Local made of a document; see otlp.ScopeOfMade. */
const MADE = "github.com/bragg-tracing/bragg/pkg/xraylocal/otlp";

interface Spans {
  resourceSpans?: { scopeSpans?: { scope?: { name?: string } }[] }[];
}

function Span({ trace, segment }: { trace: string; segment: string }) {
  const { data, error, refetch, isPending } = useApi<Spans | null>(`trace/${trace}/span/${segment}`);
  if (error) return <Failed error={error} retry={() => void refetch()} />;
  if (isPending) return <Loading what="the span" />;
  if (!data) return <None what="X-Ray Local got a segment document that no span can be made of." />;
  const made = data.resourceSpans?.[0]?.scopeSpans?.[0]?.scope?.name === MADE;
  return (
    <>
      {made && <None what="It did not come by OTLP, but as a segment document, from the collector's awsxray exporter or the X-Ray SDK. This is the span that the document means." />}
      <Code text={JSON.stringify(data, null, 2)} label={made ? "The span that it means" : "The span as it came"} />
    </>
  );
}

function None({ what }: { what: string }) {
  return <p className="dim">{what}</p>;
}

function Code({ text, label }: { text: string; label: string }) {
  return (
    <figure className="trace-code" aria-label={label}>
      <Copy text={text} label={`Copy: ${label}`} />
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </figure>
  );
}

function Facts({ title, facts, onSelect }: { title?: string; facts: Fact[]; onSelect?: (id: string) => void }) {
  const id = useId();
  return (
    <section aria-labelledby={title ? id : undefined}>
      {title && <h3 id={id}>{title}</h3>}
      <dl className="facts">
        {facts.map((fact) => (
          <div key={fact.name} className="trace-fact">
            <dt>{fact.name}</dt>
            <dd className={fact.name === "Id" || fact.name === "Parent" ? "mono" : undefined}>
              {fact.link && onSelect ? (
                <button type="button" className="trace-link mono" onClick={() => onSelect(fact.value)}>
                  {fact.value}
                </button>
              ) : (
                fact.value
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
