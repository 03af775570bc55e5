import { useCallback, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { endpoint, request } from "../../api/client";
import { Copy } from "../../components/Copy";
import { OutcomeMark, type Outcome } from "../../components/Outcome";
import { useFrameInfo } from "../../components/Frame";
import { ServiceDot } from "../../components/service";
import { useOutside } from "../../components/useOutside";
import { count, dateTime, duration, zone } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";
import type { TraceView } from "./model";

/** What the trace is, and what can be had of it. */
export function Header({ view }: { view: TraceView }) {
  const time = useTime();
  const { href } = useUrl();
  const services = view.services.slice(0, 6);
  return (
    <header className="trace-header">
      <div className="trace-title">
        <OutcomeMark outcome={view.outcome as Outcome} />
        <h1 className="cut" title={view.url || view.title}>
          {view.title}
        </h1>
        {view.status > 0 && <span className="mono">{view.status}</span>}
        <div className="trace-actions">
          <CopyMenu view={view} />
          <Menu label="Export">
            <a className="option" href={endpoint(`trace/${view.id}/export`, { format: "documents" })} download>
              Segment documents, as JSON lines
            </a>
            <a className="option" href={endpoint(`trace/${view.id}/export`, { format: "otlp" })} download>
              OpenTelemetry spans, as OTLP JSON lines
            </a>
          </Menu>
          <Link className="button" href={href("/compare", { a: view.id })}>
            Compare
          </Link>
        </div>
      </div>
      <ul className="trace-figures">
        <li>
          <strong>{duration(view.duration / 1e6)}</strong>
        </li>
        <li title={`${dateTime(view.start, !time.utc)} ${zone(!time.utc)}`}>
          {dateTime(view.start, time.utc)} {zone(time.utc)}
        </li>
        <li>
          {count(view.segments)} {view.segments === 1 ? "segment" : "segments"}, {count(view.rowId.length)} {view.rowId.length === 1 ? "row" : "rows"}
        </li>
        {view.user && <li className="cut">user {view.user}</li>}
        <li className="trace-services">
          {services.map((name) => (
            <span key={name} className="trace-service" title={name}>
              <ServiceDot name={name} sorted={view.services} /> <span className="cut">{name}</span>
            </span>
          ))}
          {view.services.length > services.length && <span className="dim">and {view.services.length - services.length} more</span>}
        </li>
        <li className="mono dim">{view.id}</li>
      </ul>
    </header>
  );
}

function Menu({ label, children }: { label: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useOutside(box, open, useCallback(() => setOpen(false), []));
  return (
    <div className="picker" ref={box}>
      <button type="button" className="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {label} <span aria-hidden="true">▾</span>
      </button>
      {open && <div className="popup trace-menu">{children}</div>}
    </div>
  );
}

function CopyMenu({ view }: { view: TraceView }) {
  const { origin } = window.location;
  const region = useFrameInfo()?.region || "us-east-1";
  const at = origin === "http://127.0.0.1:2080" ? "" : ` --endpoint ${origin}`;
  const items: [string, string | (() => Promise<string>)][] = [
    ["Trace id", view.id],
    ["Trace id of W3C and OpenTelemetry", view.id.slice(2).replace("-", "")],
    ["Link to what is shown", window.location.href],
    ["Documents as JSON", async () => JSON.stringify(await request(endpoint(`trace/${view.id}/export`, { format: "json" })), null, 2)],
    ["aws xray command", `aws xray batch-get-traces --no-sign-request --region ${region} --endpoint-url ${origin} --trace-ids ${view.id}`],
    ["bragg command", `bragg trace ${view.id}${at}`],
  ];
  return (
    <Menu label="Copy">
      {items.map(([name, text]) => (
        <Copy key={name} text={text} className="option">
          {name}
        </Copy>
      ))}
    </Menu>
  );
}
