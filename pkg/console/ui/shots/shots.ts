import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { otlp, report, send, telemetry, type Span } from "../e2e/differ";
import { traceId } from "../e2e/plant";
import { consoleUrl, planted } from "../e2e/server";

const DIR = join(import.meta.dirname, "../../screenshots");

interface Listed {
  traces: { id: string; start: number }[];
}

/** The demo's traces that match, the newest first. */
async function demo(filter = "", from = Number(process.env.PLANTED_AT) - 600): Promise<Listed["traces"]> {
  const query = new URLSearchParams({ from: String(from), to: String(Date.now() / 1000), filter: `service("web")${filter && ` AND ${filter}`}` });
  return ((await (await fetch(`${consoleUrl()}/console/api/traces?${query}`)).json()) as Listed).traces;
}

const traceOf = async (filter: string) => (await demo(filter))[0]!.id;

let from = 0;
let to = 0;
test.beforeAll(async () => {
  const starts = (await demo()).map((t) => t.start);
  [from, to] = [Math.floor(Math.min(...starts)), Math.ceil(Math.max(...starts)) + 1];
});

/** A page of the time in which the demo made its requests, without what is planted. */
function address(path: string, params: Record<string, string> = {}): string {
  const iso = (s: number) => new Date(s * 1000).toISOString();
  return `${consoleUrl()}${path}?${new URLSearchParams({ tz: "utc", filter: 'service("web")', from: iso(from), to: iso(to), ...params })}`;
}

/** Traces of a service that the two backends have in different ways; returns the one that differs in its outcome. */
async function differing(): Promise<string> {
  const [xray, sink] = [consoleUrl(), process.env.SINK_URL!];
  const at = from + 1;
  const id = (n: number) => traceId(at, n.toString(16).padStart(24, "5"));
  const root: Span = { id: "00000000000000a1", name: "POST /orders", from: 0, to: 0.3 };
  const work: Span = { id: "00000000000000a2", parent: root.id, name: "reserve stock", from: 0.05, to: 0.14 };
  const pay: Span = { id: "00000000000000a3", parent: root.id, name: "charge card", from: 0.15, to: 0.29 };
  const put = (to: string, n: number, spans: Span[]) => send(to, otlp(id(n), at + n / 10, spans, "checkout"));
  await put(xray, 1, [root, work, pay]);
  await put(sink, 1, [root, work, { ...pay, failed: true }]);
  await put(xray, 2, [root, work, pay]);
  await put(sink, 2, [root, work]);
  await put(sink, 3, [root, work]);
  return id(1);
}

/** Requests to the demo until the page is looked at. */
async function traffic(): Promise<() => Promise<void>> {
  let on = true;
  const send = async () => {
    while (on) {
      await fetch(`${process.env.DEMO_URL}/apply`, { method: "POST", body: JSON.stringify({ client_id: "enova", amount: 3000 }), headers: { "Content-Type": "application/json" } });
      await new Promise((next) => setTimeout(next, 60));
    }
  };
  const sender = send();
  return async () => {
    on = false;
    await sender;
  };
}

/** What there is to see of a pipe: flow, a refused document, a rule, an agent. */
async function pipe(page: Page): Promise<void> {
  const url = consoleUrl();
  const document = { trace_id: traceId(from, "7".repeat(24)), id: "00000000000000f1", name: "orders?", start_time: from, end_time: from + 0.2 };
  await fetch(`${url}/TraceSegments`, { method: "POST", body: JSON.stringify({ TraceSegmentDocuments: [JSON.stringify(document)] }) });
  const rule = { name: "checkout", priority: 10, fixedRate: 0.1, reservoir: 5, path: "/checkout/*", create: true };
  await fetch(`${url}/console/api/pipe/rules`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(rule) });
  await report(url, "checkout", 180, 46);
  await telemetry(url, "ip-10-0-3-17.ec2.internal", "arn:aws:ecs:us-east-1:123456789012:task/shop/4f2a");
  const stop = await traffic();
  await page.goto(address("/pipe", { filter: "" }));
  await expect(page.getByText(/rates over the last ([5-9]|\d\d) s/)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("region", { name: "To New Relic" })).toContainText(/[1-9]\S*\s?\/s/);
  await stop();
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
      await page.getByRole("tab", { name: "Exceptions" }).click();
    },
  },
  { name: "trace-dark", theme: "dark", open: (page) => page.goto(`${consoleUrl()}/trace/${planted("odd")}?tz=utc&critical=1&segment=00000000000000c3&tab=exceptions`) },
  { name: "analytics", open: (page) => page.goto(address("/analytics", { b: "responsetime > 0.5" })) },
  {
    name: "compare",
    open: async (page) => page.goto(address("/compare", { a: await traceOf("ok AND http.status = 201"), b: await traceOf("fault") })),
  },
  { name: "backends", open: async (page) => page.goto(address("/backends", { trace: await differing(), only: "all", filter: 'service("web") OR service("checkout")' })) },
  { name: "pipe", open: pipe },
];

for (const { name, theme, open } of SHOTS) {
  test(name, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme ?? "light" });
    await open(page);
    await expect(page.locator("h1").first()).toBeAttached();
    await expect(page.locator(".loading")).toHaveCount(0);
    if (name !== "pipe") await page.waitForLoadState("networkidle");
    await page.mouse.move(620, 20); // over nothing that shows it
    await page.screenshot({ path: join(DIR, `${name}.png`), animations: "disabled" });
  });
}
