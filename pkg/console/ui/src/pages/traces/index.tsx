import { useTitle } from "../../state/title";

export default function TracesPage() {
  useTitle("The list of traces");
  return (
    <section className="state">
      <h1>The list of traces</h1>
    </section>
  );
}
