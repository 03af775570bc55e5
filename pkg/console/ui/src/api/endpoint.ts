export type Params = Record<string, string | number | boolean | null | undefined>;

/** The address of an endpoint: "traces" is /console/api/traces. Values that are null, undefined, false or "" are left out. */
export function endpoint(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) query.set(name, String(value));
  }
  const text = query.toString();
  return `/console/api/${path}${text ? `?${text}` : ""}`;
}
