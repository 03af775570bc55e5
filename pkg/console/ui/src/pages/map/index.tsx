import { useTitle } from "../../state/title";

export default function MapPage() {
  useTitle("The service map");
  return (
    <section className="state">
      <h1>The service map</h1>
    </section>
  );
}
