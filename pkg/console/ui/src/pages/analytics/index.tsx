import { useTitle } from "../../state/title";

export default function AnalyticsPage() {
  useTitle("Two sets of traces compared");
  return (
    <section className="state">
      <h1>Two sets of traces compared</h1>
    </section>
  );
}
