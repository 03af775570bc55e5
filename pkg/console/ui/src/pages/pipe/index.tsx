import { useApi } from "../../api/client";
import { Snippet } from "../../components/Copy";
import { Failed, Loading, Stale } from "../../components/states";
import { age, dateTime, duration } from "../../format";
import { useTime } from "../../state/time";
import { useTitle } from "../../state/title";
import { Agents } from "./Agents";
import { Flow } from "./Flow";
import { Refused } from "./Refused";
import { SamplingRules } from "./Rules";
import { bytes, type Collector, type PipeState } from "./types";
import "./pipe.css";

/** How often the collector is asked, in milliseconds. */
const EVERY = 2000;

/** The health of the pipe: what the collector did, what was refused, what is sampled, who sends. */
export default function PipePage() {
  useTitle("Pipe");
  const { data, error, refetch } = useApi<PipeState>("pipe", {}, { every: EVERY });
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <Loading what="the collector's metrics" />;
  return (
    <div className="pipe-page">
      {error && <Stale error={error} retry={() => void refetch()} />}
      <header className="pipe-header">
        <h1>Pipe</h1>
        {data.collector && !data.error && <About collector={data.collector} metrics={data.metrics} />}
      </header>
      {data.error && <Unreachable data={data} />}
      {data.collector && <Flow collector={data.collector} stale={!!data.error} />}
      <Refused refused={data.refused} />
      <SamplingRules />
      <Agents agents={data.agents} />
    </div>
  );
}

function About({ collector, metrics }: { collector: Collector; metrics: string }) {
  return (
    <p className="dim">
      {[
        [collector.name, collector.version].filter(Boolean).join(" "),
        collector.uptime !== null && `up ${duration(collector.uptime)}`,
        collector.memory !== null && bytes(collector.memory),
        collector.over > 0 ? `rates over the last ${collector.over.toFixed(0)} s` : "rates come with the next reading",
      ]
        .filter(Boolean)
        .join(" · ")}{" "}
      · <span className="pipe-url">{metrics}</span>
    </p>
  );
}

function Unreachable({ data }: { data: PipeState }) {
  const { utc } = useTime();
  return (
    <section className="pipe-unreachable" role="alert">
      <p>
        <b>{data.error!.title}.</b> {data.error!.detail}
      </p>
      {data.collector ? (
        <p className="dim">
          The figures below are of {dateTime(data.read, utc, 0)}, {age(Date.now() / 1000 - data.read)} ago.
        </p>
      ) : (
        <>
          <p className="dim">No figure is known: that is not the same as zero. A collector with this configuration serves them:</p>
          <Snippet
            label="serve the collector's metrics"
            text={"service:\n  telemetry:\n    metrics:\n      readers:\n        - pull:\n            exporter:\n              prometheus: {host: 127.0.0.1, port: 8888}"}
          />
        </>
      )}
    </section>
  );
}
