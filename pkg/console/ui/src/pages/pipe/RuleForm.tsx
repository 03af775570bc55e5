import { useState, type FormEvent } from "react";
import type { Problem } from "../../api/client";
import type { Rule } from "./types";

const FIELDS: { name: "serviceName" | "serviceType" | "host" | "method" | "path" | "resourceARN"; label: string }[] = [
  { name: "serviceName", label: "Service name" },
  { name: "serviceType", label: "Service type" },
  { name: "host", label: "Host" },
  { name: "method", label: "HTTP method" },
  { name: "path", label: "URL path" },
  { name: "resourceARN", label: "Resource ARN" },
];

/** A sampling rule to fill in. X-Ray says what is wrong with it. */
export function RuleForm({
  rule,
  failed,
  save,
  remove,
  cancel,
}: {
  rule: Rule;
  failed: Problem | null;
  save: (rule: Rule) => Promise<void>;
  remove?: (rule: Rule) => Promise<void>;
  cancel: () => void;
}) {
  const [draft, setDraft] = useState(rule);
  const [rate, setRate] = useState(String(+(rule.fixedRate * 100).toFixed(6)));
  const [attributes, setAttributes] = useState(Object.entries(rule.attributes).map(([k, v]) => `${k}=${v}`).join(", "));
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<Rule>) => setDraft({ ...draft, ...part });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const pairs = attributes
      .split(",")
      .map((p) => p.trim())
      .filter(Boolean)
      .map((p) => [p.split("=")[0]!.trim(), p.includes("=") ? p.slice(p.indexOf("=") + 1).trim() : "*"] as const);
    await save({ ...draft, fixedRate: Number(rate) / 100, attributes: Object.fromEntries(pairs), trend: [] });
    setBusy(false);
  };
  return (
    <form className="pipe-form" onSubmit={(event) => void submit(event)} aria-label={rule.create ? "New sampling rule" : `Sampling rule ${rule.name}`}>
      <label>
        <span>Name</span>
        <input className="input" required maxLength={32} value={draft.name} disabled={!rule.create} autoFocus={rule.create} onChange={(e) => change({ name: e.target.value })} />
      </label>
      <label>
        <span>Priority, 1 to 9999</span>
        <input className="input num" type="number" min={1} max={rule.default ? 10000 : 9999} required value={draft.priority} disabled={rule.default} onChange={(e) => change({ priority: e.target.valueAsNumber })} />
      </label>
      <label>
        <span>Reservoir, a second</span>
        <input className="input num" type="number" min={0} required value={draft.reservoir} onChange={(e) => change({ reservoir: e.target.valueAsNumber })} />
      </label>
      <label>
        <span>Rate of the rest, %</span>
        <input className="input num" type="number" min={0} max={100} step="any" required value={rate} onChange={(e) => setRate(e.target.value)} />
      </label>
      {!rule.default && (
        <>
          {FIELDS.map(({ name, label }) => (
            <label key={name}>
              <span>{label}</span>
              <input className="input mono" value={draft[name]} placeholder="*" onChange={(e) => change({ [name]: e.target.value })} />
            </label>
          ))}
          <label className="pipe-wide">
            <span>Attributes, key=value, with commas between</span>
            <input className="input mono" value={attributes} onChange={(e) => setAttributes(e.target.value)} />
          </label>
        </>
      )}
      {failed && (
        <p className="pipe-bad pipe-wide" role="alert">
          {failed.title}. {failed.detail}
        </p>
      )}
      <div className="pipe-buttons">
        <button type="submit" className="button primary" disabled={busy}>
          {rule.create ? "Create" : "Save"}
        </button>
        <button type="button" className="button" onClick={cancel}>
          Cancel
        </button>
        {remove && !rule.default && (
          <button type="button" className="button pipe-delete" onClick={() => (sure ? void remove(rule) : setSure(true))}>
            {sure ? `Delete ${rule.name} for good` : "Delete"}
          </button>
        )}
      </div>
    </form>
  );
}
