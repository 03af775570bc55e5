import { useRef, useState, type ChangeEvent } from "react";
import { endpoint, Problem, request } from "../../api/client";
import { count } from "../../format";
import { useTime } from "../../state/time";
import { useUrl } from "../../state/url";

interface Imported {
  documents: number;
  spans: number;
  refused: number;
  why: string;
}

function told(n: Imported): string {
  const parts = [`imported ${count(n.documents)} documents`];
  if (n.spans) parts[0] += ` of ${count(n.spans)} spans`;
  if (n.refused) parts.push(`${count(n.refused)} were refused: ${n.why}`);
  return parts.join("; ");
}

/** Traces as files: what is selected goes out, segment documents and OTLP's JSON come in. */
export function Files() {
  const time = useTime();
  const { params } = useUrl();
  const input = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  const read = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (!file) return;
    setSaid("importing …");
    try {
      setSaid(told(await request<Imported>(endpoint("import"), { method: "POST", body: file })));
      time.refresh();
    } catch (error) {
      setSaid(error instanceof Problem ? error.message : String(error));
    }
  };
  const selection = { from: time.from, to: time.to, filter: params.get("filter") };
  return (
    <span className="traces-files">
      {said && <span role="status">{said}</span>}
      <input ref={input} type="file" className="hidden" accept=".json,.jsonl,.ndjson" aria-label="File to import" tabIndex={-1} onChange={(e) => void read(e)} />
      <button type="button" className="button" title="Segment documents or OTLP JSON, one value to a line" onClick={() => input.current?.click()}>
        Import
      </button>
      <a className="button" href={endpoint("export", { ...selection, format: "documents" })} download title="Segment documents, one to a line">
        Export
      </a>
      <a className="button" href={endpoint("export", { ...selection, format: "otlp" })} download title="OpenTelemetry spans, OTLP JSON, one to a line">
        Export OTLP
      </a>
    </span>
  );
}
