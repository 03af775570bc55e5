import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { consoleUrl, planted } from "../e2e/server";

const DIR = join(import.meta.dirname, "../../screenshots");

/** The demo's traces alone, without those that are planted. */
function address(path: string, params: Record<string, string> = {}): string {
  const at = Number(process.env.PLANTED_AT);
  const times = { from: new Date((at - 300) * 1000).toISOString(), to: new Date((at + 60) * 1000).toISOString() };
  return `${consoleUrl()}${path}?${new URLSearchParams({ tz: "utc", filter: 'service("web")', ...times, ...params })}`;
}

/** The id of a trace of the demo that matches. */
async function traceOf(filter: string): Promise<string> {
  const query = new URL(address("/console/api/traces", { filter: `service("web") AND ${filter}` }));
  for (const name of ["from", "to"]) query.searchParams.set(name, String(Date.parse(query.searchParams.get(name)!) / 1000));
  const { traces } = (await (await fetch(query)).json()) as { traces: { id: string }[] };
  return traces[0]!.id;
}

const SHOTS: { name: string; theme?: "dark"; open: (page: Page) => Promise<unknown> }[] = [
  { name: "map", open: (page) => page.goto(address("/map")) },
  { name: "traces", open: (page) => page.goto(address("/traces")) },
  {
    name: "trace",
    open: async (page) => {
      await page.goto(address(`/trace/${await traceOf("throttle")}`, { critical: "1" }));
      await expect(page.getByRole("treegrid")).toBeVisible();
      await page.getByRole("row", { name: /PutItem/ }).click();
      await page.getByRole("tab", { name: "Exceptions" }).or(page.getByRole("tab", { name: "Overview" })).first().click();
    },
  },
  { name: "trace-dark", theme: "dark", open: (page) => page.goto(`${consoleUrl()}/trace/${planted("odd")}?tz=utc&critical=1&segment=00000000000000c3&tab=exceptions`) },
  { name: "analytics", open: (page) => page.goto(address("/analytics", { b: "responsetime > 0.5" })) },
  {
    name: "compare",
    open: async (page) => page.goto(address("/compare", { a: await traceOf("ok AND http.status = 201"), b: await traceOf("fault") })),
  },
  { name: "backends", open: (page) => page.goto(address("/backends")) },
  { name: "pipe", open: (page) => page.goto(address("/pipe")) },
];

for (const { name, theme, open } of SHOTS) {
  test(name, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme ?? "light" });
    await open(page);
    await expect(page.locator("h1").first()).toBeAttached();
    await page.waitForLoadState("networkidle");
    await page.mouse.move(640, 755);
    await page.screenshot({ path: join(DIR, `${name}.png`), animations: "disabled" });
  });
}
