const KEY = "bragg.filters";
const MOST = 20;

/** The filter expressions that were applied lately, the last first. */
export function recent(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((e) => typeof e === "string") : [];
  } catch {
    return [];
  }
}

export function remember(expression: string): void {
  localStorage.setItem(KEY, JSON.stringify([expression, ...recent().filter((e) => e !== expression)].slice(0, MOST)));
}
