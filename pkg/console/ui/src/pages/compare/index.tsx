import { useCallback } from "react";
import { useApi } from "../../api/client";
import { Failed, Loading, Stale } from "../../components/states";
import { useTitle } from "../../state/title";
import { useUrl } from "../../state/url";
import { Chooser } from "./Chooser";
import { Slots } from "./Slots";
import { Difference } from "./Difference";
import type { Comparison } from "./types";
import "./compare.css";

/** Two traces over each other: ?a= and ?b=. With one of them missing, the list to choose it from. */
export default function ComparePage() {
  useTitle("Compare");
  const { params, set } = useUrl();
  const a = params.get("a") ?? "";
  const b = params.get("b") ?? "";
  const both = !!a && !!b;
  const { data, error, refetch } = useApi<Comparison>("compare", { a, b }, { enabled: both });
  const current = both ? data : undefined;

  const choose = useCallback(
    (slot: "a" | "b", id: string) => set({ [slot]: id, row: null }),
    [set],
  );
  return (
    <div className="compare-page">
      <h1 className="hidden">Compare two traces</h1>
      <Slots a={a} b={b} data={current} choose={choose} />
      {!both && <Chooser a={a} b={b} choose={choose} />}
      {both && error && current && <Stale error={error} retry={() => void refetch()} />}
      {both && !current && (error ? <Failed error={error} retry={() => void refetch()} /> : <Loading what="both traces" />)}
      {current && <Difference key={`${a} ${b}`} data={current} />}
    </div>
  );
}
