import { Link } from "wouter";
import { useUrl } from "../state/url";

export function NoPage() {
  const { href } = useUrl();
  return (
    <section className="state">
      <h1>There is no such page</h1>
      <p>The address may have been cut off. The traces are where they were.</p>
      <div className="actions">
        <Link className="button primary" href={href("/traces")}>
          All traces
        </Link>
      </div>
    </section>
  );
}
