import { expect, test } from "@playwright/test";
import { duration } from "../src/format";
import { put, traceId } from "./plant";
import type { Comparison } from "../src/pages/compare/types";
import { address, api, checkAll, consoleUrl, planted, watch } from "./server";

interface Choices {
  traces: { id: string; request: string; duration: number; outcome: string }[];
}

const WEB = 'service("web") AND http.url CONTAINS "/apply"';

/** The slowest and the fastest of what the demo's web took, at its end. */
async function extremes() {
  const now = Date.now() / 1000;
  const { traces } = await api<Choices>("compare/choices", { from: now - 3600, to: now, filter: WEB });
  const sorted = traces.filter((t) => t.outcome === "ok").sort((a, b) => a.duration - b.duration);
  expect(sorted.length).toBeGreaterThan(3);
  return { fast: sorted[0]!, slow: sorted.at(-1)! };
}

test("two traces are chosen from the list, and laid over each other", async ({ page }) => {
  const errors = watch(page);
  const { fast, slow } = await extremes();
  await page.goto(address("/compare", { filter: WEB }));
  await page.getByRole("button", { name: /^\d+ more$/ }).click();
  await page.getByRole("button", { name: new RegExp(`^A is .*${fast.id}`) }).click();
  await expect(page).toHaveURL(new RegExp(`a=${fast.id}`));
  await expect(page.getByRole("textbox", { name: "Id of trace A" })).toHaveValue(fast.id);
  await page.getByRole("button", { name: new RegExp(`^B is .*${slow.id}`) }).click();

  // What is shown is what the API says.
  const want = await api<Comparison>("compare", { a: fast.id, b: slow.id });
  const sums = page.getByRole("region", { name: "What differs" });
  await expect(sums).toContainText(`${duration(want.a.duration)} → ${duration(want.b.duration)}`);
  await expect(sums.getByRole("button", { name: `${want.changes.slower} slower` })).toBeVisible();
  await expect(sums).toContainText(want.rows[want.blame[0]!]!.name);
  const grid = page.getByRole("grid");
  const shown = want.rows.filter((r) => r.shown);
  await expect(grid).toHaveAttribute("aria-rowcount", String(shown.length));
  await expect(grid.getByRole("row").first()).toContainText(duration(shown[0]!.b!.duration));

  await page.getByRole("button", { name: "Show all" }).click();
  await expect(grid).toHaveAttribute("aria-rowcount", String(want.rows.length));
  await page.getByRole("button", { name: "Show only what differs" }).click();
  await sums.getByRole("button", { name: /alike/ }).click();
  await expect(grid).toHaveAttribute("aria-rowcount", String(want.changes.alike));
  await page.goBack();
  await expect(grid).toHaveAttribute("aria-rowcount", String(shown.length));

  // Keys: rows, swap, and the segment in its trace.
  await page.keyboard.press("j");
  await expect(page).toHaveURL(/row=/);
  await expect(grid.locator('[aria-selected="true"]')).toHaveCount(1);
  await page.keyboard.press("x");
  await expect(page.getByRole("textbox", { name: "Id of trace A" })).toHaveValue(slow.id);
  await expect(sums.getByRole("button", { name: `${want.changes.slower} faster` })).toBeVisible();
  await grid.getByRole("row").first().focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${fast.id}.*segment=`));
  expect(errors).toEqual([]);
});

test("a trace is compared with a typical one of its request", async ({ page }) => {
  const { slow } = await extremes();
  await page.goto(address("/compare", { b: slow.id }));
  await page.getByRole("button", { name: "B against a typical one" }).click();
  await expect(page).toHaveURL(/a=1-/);
  await expect(page.getByText(/the median of \d+ of the same request/)).toBeVisible();
  await expect(page.getByRole("grid")).toBeVisible();
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page.getByRole("textbox", { name: "Id of trace A" })).toHaveValue(slow.id);
  await page.getByRole("button", { name: "Choose others" }).click();
  await expect(page.getByRole("heading", { name: /Choose two/ })).toBeVisible();
});

test("an id that is typed is compared, and a wrong one explained", async ({ page }) => {
  const { slow } = await extremes();
  await page.goto(address("/compare", { b: slow.id }));
  const a = page.getByRole("textbox", { name: "Id of trace A" });
  await a.fill("nonsense");
  await a.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Trace A: this is no trace id");
  await a.fill(planted("odd"));
  await a.press("Enter");
  await expect(page.getByRole("grid")).toBeVisible();
});

/** A trace of calls of these names, one after the other, each of 10 ms. */
async function calls(rest: string, names: string[]): Promise<string> {
  const t = Number(process.env.PLANTED_AT) - 200;
  const id = traceId(t, rest.padStart(24, "f"));
  const hex = (n: number) => n.toString(16).padStart(16, "0");
  await put(consoleUrl(), [
    { trace_id: id, id: hex(1), name: "n-plus-one", start_time: t, end_time: t + names.length / 100 },
    ...names.map((name, i) => ({ trace_id: id, id: hex(i + 2), parent_id: hex(1), type: "subsegment", name, namespace: "aws", start_time: t + i / 100, end_time: t + (i + 1) / 100 })),
  ]);
  return id;
}

test("what repeats is one row, with the number and times of each side", async ({ page }) => {
  const repeat = (n: number) => Array<string>(n).fill("GetItem");
  const a = await calls("a1", ["PutItem", ...repeat(48)]);
  const b = await calls("a2", ["PutItem", ...repeat(50)]);
  await page.goto(address("/compare", { a, b }));
  const grid = page.getByRole("grid");
  await expect(grid).toHaveAttribute("aria-rowcount", "2");
  const row = grid.getByRole("row").nth(1);
  await expect(row.getByRole("gridcell")).toHaveText([/GetItem\s*× 48 → 50\s*10\.0 ms each/, "", "A: 480 ms", "B: 500 ms", "+20.0 ms", /other number/]);
  await expect(page.getByRole("region", { name: "What differs" }).getByRole("button", { name: "1 other number" })).toBeVisible();
  // It opens the slowest of B.
  const want = await api<Comparison>("compare", { a, b });
  await row.dblclick();
  await expect(page).toHaveURL(new RegExp(`/trace/${b}.*segment=${want.rows.find((r) => r.change === "count")!.b!.id}`));
});

test("long and hostile traces are compared, at all widths", async ({ page }) => {
  const errors = watch(page);
  const long = await calls("a3", Array.from({ length: 3000 }, (_, i) => `call ${i}`));
  await page.goto(address("/compare", { a: planted("hostile"), b: long, all: "1" }));
  const grid = page.getByRole("grid");
  const want = await api<Comparison>("compare", { a: planted("hostile"), b: long });
  expect(want.rows.length).toBeGreaterThan(3000);
  await expect(grid).toHaveAttribute("aria-rowcount", String(want.rows.length));
  expect(await page.locator("*").count()).toBeLessThan(2000);
  await checkAll(page, "compare-hostile");
  await grid.getByRole("row").first().focus();
  await page.keyboard.press("End");
  await expect(grid.locator('[aria-selected="true"]')).toHaveAttribute("aria-rowindex", String(want.rows.length));
  expect(errors).toEqual([]);
});
