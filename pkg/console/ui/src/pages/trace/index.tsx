import { useTitle } from "../../state/title";

export default function TracePage() {
  useTitle("The trace");
  return (
    <section className="state">
      <h1>The trace</h1>
    </section>
  );
}
