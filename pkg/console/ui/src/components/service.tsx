const COLORS = 16;

/** The colour of a service, by its place among the sorted names of what is shown; "" has the last. */
export function serviceColor(name: string, sorted: readonly string[]): string {
  const i = sorted.indexOf(name);
  return `var(--service-${i < 0 ? COLORS - 1 : i % COLORS})`;
}

/** A square in the colour of a service, beside its name. */
export function ServiceDot({ name, sorted }: { name: string; sorted: readonly string[] }) {
  return <span className="dot" style={{ background: serviceColor(name, sorted) }} aria-hidden="true" />;
}
