import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { put, traceId } from "./plant";
import { address, api, consoleUrl, planted, watch } from "./server";

interface Listed {
  traces: { id: string; duration: number | null; outcome: string; request: string; url: string; services: string[] }[];
  refiners: { name: string; values: { value: string; count: number; filter: string }[] }[];
}

/** A fixed time range, so that what other tests send does not matter. */
const fixed = () => {
  const at = Number(process.env.PLANTED_AT);
  return { from: at - 3000, to: at + 1 };
};
const fixedUrl = (params: Record<string, string> = {}) => {
  const { from, to } = fixed();
  return address("/traces", { range: "", from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString(), ...params });
};
const listed = (filter = "") => api<Listed>("traces", { ...fixed(), filter });

test("the list shows what the API has, in the order that is asked for", async ({ page }) => {
  const errors = watch(page);
  const { traces } = await listed();
  await page.setViewportSize({ width: 2000, height: 900 });
  await page.goto(fixedUrl());
  const grid = page.getByRole("grid", { name: "Traces" });
  await expect(grid.getByRole("row").nth(1).getByRole("gridcell").nth(5)).toHaveText(new RegExp(`^${traces[0]!.services.length}\\s*${traces[0]!.services.join("\\s*")}$`));
  await expect(grid).toHaveAttribute("aria-rowcount", String(traces.length + 1));
  await expect(page.getByRole("status").first()).toContainText(`${traces.length} traces`);

  await grid.getByRole("button", { name: "Duration" }).click();
  await expect(page).toHaveURL(/sort=-duration/);
  await expect(grid.getByRole("columnheader", { name: "Duration" })).toHaveAttribute("aria-sort", "descending");
  const slowest = traces.toSorted((a, b) => (b.duration ?? -1) - (a.duration ?? -1))[0]!;
  await expect(grid.getByRole("row").nth(1)).toContainText(slowest.request);
  await page.reload();
  await expect(grid.getByRole("row").nth(1)).toContainText(slowest.request);
  expect(errors).toEqual([]);
});

test("refiners count, and add to the filter", async ({ page }) => {
  const { refiners } = await listed();
  const outcome = refiners.find((r) => r.name === "outcome")!.values.find((v) => v.value === "fault")!;
  await page.goto(fixedUrl());
  const button = page.getByRole("region", { name: "Outcome" }).getByRole("button", { name: /fault/ });
  await expect(button).toContainText(String(outcome.count));
  await button.click();
  await expect(page.getByLabel("Filter expression")).toHaveValue("fault");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(outcome.count + 1));

  const status = (await listed("fault")).refiners.find((r) => r.name === "status")!.values[0]!;
  await page.getByRole("region", { name: "Status" }).getByRole("button", { name: new RegExp(`^${status.value}`) }).click();
  await expect(page.getByLabel("Filter expression")).toHaveValue(`fault AND ${status.filter}`);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(status.count + 1));

  await page.goBack();
  await expect(page.getByLabel("Filter expression")).toHaveValue("fault");
  await button.click();
  await expect(page.getByLabel("Filter expression")).toHaveValue("");
});

test("refiners and response times are of all that match, not the newest alone", async ({ page }) => {
  // Two hours ago, where no other test looks: more than the list has, with segments by their number.
  const at = Math.floor(Number(process.env.PLANTED_AT)) - 7200;
  const run = randomBytes(4).toString("hex");
  const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");
  const total = 1100;
  const documents = Array.from({ length: total }, (_, i) => {
    const trace_id = traceId(at, run + hex(i, 16));
    const one = { trace_id, id: hex(1, 16), name: `bulk-${run}`, start_time: at + i / total, end_time: at + 1 + i / total, user: i % 10 ? "many" : "few" };
    return i === 7 ? [one, { trace_id, id: hex(2, 16), parent_id: hex(1, 16), name: `bulk-${run}`, start_time: at + 0.1, end_time: at + 0.2 }] : [one];
  });
  await put(consoleUrl(), documents.flat());
  const range = { range: "", from: new Date((at - 1) * 1000).toISOString(), to: new Date((at + 10) * 1000).toISOString() };
  await page.goto(address("/traces", { ...range, filter: `service("bulk-${run}")` }));
  await expect(page.getByRole("status", { name: "What is counted" })).toHaveText("Of all 1,100 traces");
  await expect(page.getByText("the newest 1,000 of 1,100 traces")).toBeVisible();
  await expect(page.getByRole("region", { name: "Outcome" }).getByRole("button", { name: /^ok/ })).toContainText("1,100");
  const few = page.getByRole("region", { name: "User" }).getByRole("button", { name: /^few/ });
  await expect(few).toContainText("110");
  await few.click();
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "111");

  await page.goto(address("/traces", { ...range, filter: `service("bulk-${run}") AND user = "many"` }));
  await page.getByRole("grid").getByRole("button", { name: "Segments" }).click();
  await expect(page).toHaveURL(/sort=-segments/);
  await expect(page.getByRole("row").nth(1).getByRole("gridcell").nth(6)).toHaveText("2");
  await expect(page.getByRole("row").nth(2).getByRole("gridcell").nth(6)).toHaveText("1");
});

test("a brush over the response times is a filter", async ({ page }) => {
  await page.goto(fixedUrl());
  const chart = page.getByRole("application", { name: "Distribution of response times" });
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.04, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/responsetime/);
  const filter = new URL(page.url()).searchParams.get("filter")!;
  const { traces } = await listed(filter);
  expect(traces.length, filter).toBeGreaterThan(0);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(traces.length + 1));

  // One click more: what tells these from the rest.
  await page.getByRole("link", { name: "What is different about these?" }).click();
  await expect(page).toHaveURL(/\/analytics\?/);
  await expect(page.getByLabel("Filter of set B")).toHaveValue(filter);
  const all = (await listed()).traces.length;
  const a = (await listed(`!(${filter})`)).traces.length;
  expect(a + traces.length).toBe(all);
  await expect(page.getByRole("region", { name: "Set B" }).getByRole("link", { name: new RegExp(`^${traces.length} traces?$`) })).toBeVisible();
  await expect(page.getByRole("region", { name: "Set A" }).getByRole("link", { name: new RegExp(`^${a} traces?$`) })).toBeVisible();
});

test("keys move, open and walk from trace to trace", async ({ page }) => {
  const { traces } = await listed();
  await page.goto(fixedUrl());
  await expect(page.getByRole("grid")).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.getByRole("row", { selected: true })).toContainText(traces[1]!.request);
  await page.keyboard.press("e");
  const bad = traces.findIndex((t, i) => i > 1 && !["ok", "progress"].includes(t.outcome));
  await expect(page.getByRole("row", { selected: true })).toHaveAttribute("aria-rowindex", String(bad + 2));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${traces[bad]!.id}`));
  await expect(page.getByRole("treegrid")).toBeVisible();
  await page.keyboard.press("]");
  await expect(page).toHaveURL(new RegExp(`/trace/${traces[bad + 1]!.id}`));
  await page.keyboard.press("[");
  await expect(page).toHaveURL(new RegExp(`/trace/${traces[bad]!.id}`));
});

test("live traces do not move what is read", async ({ page }) => {
  const service = `live-${randomBytes(6).toString("hex")}`; // of this run alone
  const send = async (path: string) => {
    const now = Math.floor(Date.now() / 1000);
    const http = { request: { method: "GET", url: `http://live.example.com/${path}` }, response: { status: 200 } };
    await put(consoleUrl(), [{ trace_id: traceId(now, randomBytes(12).toString("hex")), id: randomBytes(8).toString("hex"), name: service, start_time: now, end_time: now + 0.1, http }]);
  };
  const row = (path: string) => page.getByRole("row", { name: new RegExp(`GET /${path}`) });
  await send("first");
  await page.goto(address("/traces", { live: "1", filter: `service("${service}")` }));
  await expect(row("first")).toBeVisible();

  // Nobody reads: what is new appears.
  await page.mouse.move(5, 5);
  await send("second");
  await expect(row("second")).toBeVisible();

  // Somebody reads: the list stays, and says how many are new.
  await page.keyboard.press("j");
  await expect(page.getByRole("row", { selected: true })).toContainText("/second");
  await send("third");
  const fresh = page.getByRole("button", { name: "1 new" });
  await expect(fresh).toBeVisible();
  await expect(page.getByRole("row").nth(1)).toContainText("/second");
  await expect(row("third")).toHaveCount(0);
  await fresh.click();
  await expect(page.getByRole("row").nth(1)).toContainText("/third");
});

test("traces go out as a file, and come in", async ({ page }) => {
  await page.goto(fixedUrl({ filter: 'annotation.plan = "gold"' }));
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export", exact: true }).click()]);
  expect(download.suggestedFilename()).toBe("traces.jsonl");
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
  expect(lines.some((l) => (JSON.parse(l) as { trace_id: string }).trace_id === planted("odd"))).toBeTruthy();

  const now = Math.floor(Date.now() / 1000);
  const id = traceId(now, "d".repeat(24));
  await page.getByLabel("File to import").setInputFiles({
    name: "in.jsonl",
    mimeType: "application/x-ndjson",
    buffer: Buffer.from(JSON.stringify({ trace_id: id, id: "00000000000000d0", name: "imported", start_time: now, end_time: now + 1 })),
  });
  await expect(page.getByText("imported 1 documents")).toBeVisible();
  await page.goto(address(`/trace/${id}`));
  await expect(page.getByRole("heading", { name: "imported" }).first()).toBeVisible();
});

test("nothing found says what to do", async ({ page }) => {
  await page.goto(fixedUrl({ filter: 'user = "nobody"' }));
  await expect(page.getByRole("heading", { name: "No trace matches" })).toBeVisible();
  await page.getByRole("button", { name: "Without the filter" }).click();
  await expect(page.getByRole("grid")).toBeVisible();
});

test("an empty console tells how to send the first trace, and a lost server keeps the data", async ({ page }) => {
  await page.route("**/console/api/traces?*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), traces: [], empty: true } });
  });
  await page.goto(fixedUrl());
  await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
  const snippet = await page.getByLabel("send a trace with curl", { exact: true }).textContent();
  await page.unrouteAll({ behavior: "ignoreErrors" }); // one of the page's two calls may still go on

  // What stands there works, as it is.
  const { execFileSync } = await import("node:child_process");
  const answer = execFileSync("bash", ["-c", snippet!], { encoding: "utf8" });
  expect(JSON.parse(answer)).toEqual({ UnprocessedTraceSegments: [] });
  await page.goto(address("/traces"));
  await expect(page.getByRole("row", { name: /GET \/hello/ }).first()).toBeVisible();
  await expect(page.getByRole("link", { name: "What is different about the slow ones?" })).toBeVisible();

  await page.route("**/console/api/traces?*", (route) => route.abort());
  await page.keyboard.press("r");
  await expect(page.getByRole("alert")).toContainText("does not answer");
  await expect(page.getByRole("row", { name: /GET \/hello/ }).first()).toBeVisible();
  await page.unroute("**/console/api/traces?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toBeHidden();
});
