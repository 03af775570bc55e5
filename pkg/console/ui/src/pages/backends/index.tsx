import { useTitle } from "../../state/title";

export default function BackendsPage() {
  useTitle("What arrived where");
  return (
    <section className="state">
      <h1>What arrived where</h1>
    </section>
  );
}
