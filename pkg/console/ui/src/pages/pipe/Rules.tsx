import { useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { endpoint, Problem, send, useApi } from "../../api/client";
import { count, percent } from "../../format";
import { useUrl } from "../../state/url";
import { RuleForm } from "./RuleForm";
import type { Rule, Rules } from "./types";

const EVERY = 5000;
const NEW: Rule = {
  name: "",
  priority: 1000,
  fixedRate: 0.05,
  reservoir: 1,
  serviceName: "*",
  serviceType: "*",
  host: "*",
  method: "*",
  path: "*",
  resourceARN: "*",
  attributes: {},
  boost: null,
  create: true,
  default: false,
  modified: 0,
  trend: [],
  matched: 0,
  sampled: 0,
  borrowed: 0,
};

/** The sampling rules with what their clients reported, to make, change and delete. */
export function SamplingRules() {
  const { params, set } = useUrl();
  const queries = useQueryClient();
  const { data, error, refetch } = useApi<Rules>("pipe/rules", {}, { every: EVERY });
  const [failed, setFailed] = useState<Problem | null>(null);
  const editing = params.get("rule");

  const run = async (call: () => Promise<Rules>) => {
    setFailed(null);
    try {
      const next = await call();
      queries.setQueryData(["pipe/rules", endpoint("pipe/rules")], next);
      set({ rule: null }, { replace: true });
    } catch (error) {
      setFailed(error as Problem);
    }
  };
  const save = (rule: Rule) => run(() => send<Rules>("POST", endpoint("pipe/rules"), rule));
  const remove = (rule: Rule) => run(() => send<Rules>("DELETE", endpoint("pipe/rules", { name: rule.name })));
  const cancel = () => {
    setFailed(null);
    set({ rule: null });
  };
  const minutes = data ? (data.window * data.points) / 60 : 5;
  return (
    <section className="pipe-section" aria-labelledby="pipe-rules">
      <div className="pipe-title">
        <h2 id="pipe-rules">
          Sampling rules <span className="dim">{data ? count(data.rules.length) : ""}</span>
        </h2>
        <button type="button" className="button" aria-expanded={editing === "+"} onClick={() => set({ rule: editing === "+" ? null : "+" })}>
          New rule
        </button>
      </div>
      <p className="dim">The first rule that matches a request decides: so many a second by the reservoir, and of the rest a share by the rate. Services ask for them every five minutes, and report every ten seconds.</p>
      {error && (
        <p className="pipe-bad" role="alert">
          {error.title}. {error.detail}{" "}
          <button type="button" className="button" onClick={() => void refetch()}>
            Try again
          </button>
        </p>
      )}
      {editing === "+" && <RuleForm rule={NEW} failed={failed} save={save} cancel={cancel} />}
      {data && (
        <table className="pipe-table pipe-rules">
          <thead>
            <tr>
              <th scope="col" className="num">
                Priority
              </th>
              <th scope="col">Rule</th>
              <th scope="col" className="wide">
                Matches
              </th>
              <th scope="col" className="num">
                Reservoir
              </th>
              <th scope="col" className="num">
                Rate
              </th>
              <th scope="col" className="wide">
                Last {minutes} min
              </th>
              <th scope="col" className="num">
                Sampled
              </th>
              <th scope="col">
                <span className="hidden">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.rules.map((rule) => (
              <Fragment key={rule.name}>
                <tr className={editing === rule.name ? "open" : undefined}>
                  <td className="num dim">{rule.priority}</td>
                  <td className="pipe-rule">
                    <span className="cut">{rule.name}</span>
                  </td>
                  <td className="wide pipe-matches">
                    <span className="cut" title={matches(rule)}>
                      {matches(rule)}
                    </span>
                  </td>
                  <td className="num">{count(rule.reservoir)} /s</td>
                  <td className="num">{percent(rule.fixedRate)}</td>
                  <td className="wide">
                    <Trend rule={rule} />
                  </td>
                  <td className="num" title={rule.borrowed ? `${count(rule.borrowed)} of them borrowed from the reservoir before there was a quota` : undefined}>
                    {rule.matched ? (
                      <>
                        {count(rule.sampled)} <span className="dim">of {count(rule.matched)}</span>
                      </>
                    ) : (
                      <span className="dim">no report</span>
                    )}
                  </td>
                  <td className="pipe-edit">
                    <button
                      type="button"
                      className="button plain"
                      aria-expanded={editing === rule.name}
                      aria-label={`Change the rule ${rule.name}`}
                      onClick={() => (editing === rule.name ? cancel() : set({ rule: rule.name }))}
                    >
                      Change
                    </button>
                  </td>
                </tr>
                {editing === rule.name && (
                  <tr className="pipe-open">
                    <td colSpan={8}>
                      <RuleForm key={rule.modified} rule={rule} failed={failed} save={save} remove={remove} cancel={cancel} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** What a rule matches, without what matches everything. */
function matches(rule: Rule): string {
  const parts = [
    rule.method !== "*" && rule.method,
    rule.host !== "*" && rule.host,
    rule.path !== "*" && rule.path,
    rule.serviceName !== "*" && `service ${rule.serviceName}`,
    rule.serviceType !== "*" && `type ${rule.serviceType}`,
    rule.resourceARN !== "*" && rule.resourceARN,
    ...Object.entries(rule.attributes).map(([key, value]) => `${key} = ${value}`),
  ].filter(Boolean);
  return parts.join(" · ") || (rule.default ? "what no other rule matches" : "everything");
}

/** Bars of ten seconds: matched, and of them sampled. */
function Trend({ rule }: { rule: Rule }) {
  const most = Math.max(1, ...rule.trend.map((p) => p.matched));
  const step = 120 / Math.max(1, rule.trend.length);
  return (
    <svg className="pipe-trend" viewBox="0 0 120 20" role="img" aria-label={`${count(rule.matched)} requests matched, ${count(rule.sampled)} sampled`} preserveAspectRatio="none">
      {rule.trend.map((p, i) => (
        <Fragment key={i}>
          {p.matched > 0 && <rect className="matched" x={i * step + 0.5} width={step - 1} y={20 - (p.matched / most) * 19} height={(p.matched / most) * 19} />}
          {p.sampled > 0 && <rect className="sampled" x={i * step + 0.5} width={step - 1} y={20 - (p.sampled / most) * 19} height={(p.sampled / most) * 19} />}
        </Fragment>
      ))}
      <path d="M0 19.5H120" />
    </svg>
  );
}
