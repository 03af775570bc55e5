import { useTitle } from "../../state/title";

export default function PipePage() {
  useTitle("The health of the pipe");
  return (
    <section className="state">
      <h1>The health of the pipe</h1>
    </section>
  );
}
