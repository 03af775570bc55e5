import { expect, test } from "@playwright/test";
import { duration } from "../src/format";
import type { Comparison } from "../src/pages/compare/types";
import { address, api, checkAll, planted, watch } from "./server";

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

test("large and hostile traces are compared, at all widths", async ({ page }) => {
  test.slow(); // axe reads all of it twice
  const errors = watch(page);
  await page.goto(address("/compare", { a: planted("hostile"), b: planted("large"), all: "1" }));
  const grid = page.getByRole("grid");
  const want = await api<Comparison>("compare", { a: planted("hostile"), b: planted("large") });
  expect(want.rows.length).toBeGreaterThan(5000);
  await expect(grid).toHaveAttribute("aria-rowcount", String(want.rows.length));
  expect(await page.locator("*").count()).toBeLessThan(2000);
  await checkAll(page, "compare-hostile");
  await grid.getByRole("row").first().focus();
  await page.keyboard.press("End");
  await expect(grid.locator('[aria-selected="true"]')).toHaveAttribute("aria-rowindex", String(want.rows.length));
  expect(errors).toEqual([]);
});
