import { expect, test, type Page } from "@playwright/test";
import { address, api, consoleUrl, watch } from "./server";
import { put, traceId, type Document } from "./plant";

// Traces with two planted causes: requests to /reports are slow, and those of
// eve fail. All else is the same for both.
// The same in each worker: what is put twice is there once.
const T = Number(process.env.PLANTED_AT) - 110;
const SHOP = 'service("lab")';
const RANGE = { from: new Date((T - 60) * 1000).toISOString(), to: new Date((T + 100) * 1000).toISOString(), filter: SHOP };
const open = (page: Page, params: Record<string, string> = {}) => page.goto(address("/analytics", { ...RANGE, ...params }));
const read = (params: Record<string, string> = {}) => api<Answer>("analytics", { from: T - 60, to: T + 100, filter: SHOP, ...params });

interface Answer {
  a: { traces: number };
  b: { traces: number } | null;
  tested: number;
  findings: { dimension: string; value: string; a: number; b: number; p: number }[];
}

test.beforeAll(async () => {
  const documents: Document[] = [];
  for (let i = 0; i < 400; i++) {
    const slow = i % 8 === 0;
    const eve = i % 10 === 3;
    const start = T + i / 5;
    documents.push({
      trace_id: traceId(start, `bbbb${i.toString(16).padStart(20, "0")}`),
      id: (0xe0000000 + i).toString(16).padStart(16, "0"),
      name: "lab",
      start_time: start,
      end_time: start + (slow ? 1 + (i % 7) / 10 : 0.05 + (i % 11) / 1000),
      user: eve ? "eve" : `user-${i % 9}`,
      ...(eve && i % 20 === 3 ? { fault: true } : {}),
      annotations: { half: (i * 7919) % 13 < 6 ? 1 : 2, zone: `z${(i * 31) % 3}` },
      http: { request: { method: "GET", url: `http://lab.example.com${slow ? "/reports" : ["/", "/items", "/search"][i % 3]}?n=${i}` }, response: { status: eve && i % 20 === 3 ? 500 : 200 } },
    });
  }
  await put(consoleUrl(), documents);
});

test("what is different about the slow ones: the planted cause comes first", async ({ page }) => {
  const errors = watch(page);
  await open(page);
  await expect(page.getByRole("region", { name: "Set A" }).getByRole("link", { name: "400 traces" })).toBeVisible();
  await page.getByRole("button", { name: "The slowest tenth" }).click();
  await expect(page).toHaveURL(/b=responsetime/);
  const first = page.getByRole("region", { name: "Findings" }).locator("tbody tr").first();
  await expect(first).toContainText("/reports");
  const answer = await read({ b: new URL(page.url()).searchParams.get("b")! });
  expect(answer.findings[0]!.value).toContain("/reports");
  expect(answer.findings[0]!.p).toBeLessThan(0.01);
  await expect(first.getByRole("link").nth(1)).toHaveText(String(answer.findings[0]!.b));
  await expect(page.getByText(`${answer.tested} values were tested`)).toBeVisible();
  await page.reload();
  await expect(first).toContainText("/reports");
  expect(errors).toEqual([]);
});

test("where the time of the slow ones goes is said beside what they are", async ({ page }) => {
  // Of the demo's requests some wait for the credit model.
  const at = Number(process.env.PLANTED_AT);
  const time = { range: "", from: new Date((at - 300) * 1000).toISOString(), to: new Date((at + 60) * 1000).toISOString() };
  await page.goto(address("/analytics", { ...time, filter: 'service("web")', b: "responsetime > 0.5" }));
  await expect(page.getByRole("region", { name: "Root causes" }).locator("tbody tr").first()).toContainText("evaluate credit model");
  await expect(page.getByRole("region", { name: "Findings" }).getByText("root cause")).toHaveCount(0);
});

test("one user against the rest, and random halves", async ({ page }) => {
  await open(page, { b: 'user = "eve"' });
  const findings = page.getByRole("region", { name: "Findings" });
  await expect(findings.locator("tbody tr").first()).toContainText(/Status (200|500)/);
  await expect(page.getByRole("region", { name: "User" }).getByText("chosen").first()).toBeVisible();
  await open(page, { a: "annotation.half = 1", b: "annotation.half = 2" });
  await expect(page.getByRole("heading", { name: "Nothing is different that chance does not explain" })).toBeVisible();
});

test("brushes and rows narrow a set", async ({ page }) => {
  await open(page);
  const drag = async (name: string, from: number, to: number) => {
    const chart = page.getByRole("application", { name });
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width * from, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * to, box.y + 30);
    await page.mouse.up();
  };
  await drag("Response times", 0.5, 0.99);
  await expect(page).toHaveURL(/b=responsetime/);
  await drag("Traces over time", 0.4, 0.8);
  await expect(page).toHaveURL(/bfrom=/);
  // What a number links to is of the set's own time.
  const link = page.getByRole("region", { name: "Method" }).locator("tbody tr").first().getByRole("link").last();
  await expect(async () => {
    const to = new URL((await link.getAttribute("href"))!, consoleUrl()).searchParams;
    expect(to.get("from")).toBe(new URL(page.url()).searchParams.get("bfrom"));
    const { traces } = await api<{ traces: unknown[] }>("traces", { from: Date.parse(to.get("from")!) / 1000, to: Date.parse(to.get("to")!) / 1000, filter: to.get("filter")! });
    expect(traces.length).toBeGreaterThan(0);
    await expect(link).toHaveText(String(traces.length), { timeout: 1000 });
  }).toPass();
  await page.getByRole("button", { name: "Clear set B" }).click();
  await expect(page).not.toHaveURL(/[?&]b(from)?=/);
  await page.getByRole("button", { name: "Refine B to User eve" }).click();
  await expect(page.getByLabel("Filter of set B")).toHaveValue('user = "eve"');
  await expect(page.getByRole("region", { name: "Set B" }).getByRole("link", { name: "40 traces" })).toBeVisible();
  await page.getByRole("button", { name: /A and B/ }).click();
  await expect(page.getByLabel("Filter of set A")).toHaveValue('user = "eve"');
  await page.keyboard.press("x");
  await expect(page.getByLabel("Filter of set B")).toHaveValue('user = "eve"');
  await page.getByLabel("sorted by").selectOption("count");
  await expect(page).toHaveURL(/order=count/);
  await page.getByRole("group", { name: "What a drag narrows" }).getByRole("button", { name: "A" }).click();
  await expect(page).toHaveURL(/brush=a/);
  const set = page.getByLabel("Filter of set B");
  await set.fill("fualt");
  await set.press("Enter");
  await expect(page.getByRole("region", { name: "Set B" }).getByRole("alert")).toBeVisible();
  await page.getByRole("button", { name: "Go on with B alone" }).click();
  await expect(page.getByLabel("Filter expression")).toHaveValue(/eve/);
});
