import { useTitle } from "../../state/title";

export default function ComparePage() {
  useTitle("Two traces compared");
  return (
    <section className="state">
      <h1>Two traces compared</h1>
    </section>
  );
}
