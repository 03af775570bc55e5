import { expect, test } from "@playwright/test";
import { duration } from "../src/format";
import type { Backends, TraceDetail } from "../src/pages/backends/types";
import { differ, type Differing } from "./differ";
import { HOSTILE } from "./plant";
import { address, api, checkAll, consoleUrl, watch } from "./server";

let ids: Differing;
test.beforeAll(async ({}, info) => {
  test.skip(!process.env.SINK_URL, "needs SINK_URL beside CONSOLE_URL");
  ids = await differ(consoleUrl(), process.env.SINK_URL!, info.workerIndex + 1);
});

/** The seconds in which the traces are. */
function range(): { from: string; to: string } {
  const at = parseInt(ids.equal.slice(2, 10), 16);
  return { from: new Date((at - 5) * 1000).toISOString(), to: new Date((at + 5) * 1000).toISOString() };
}

async function answer(): Promise<Backends> {
  const { from, to } = range();
  return api<Backends>("backends", { from: Date.parse(from) / 1000, to: Date.parse(to) / 1000 });
}

test("differences come first, with numbers and causes of the API", async ({ page }) => {
  const errors = watch(page);
  await page.goto(address("/backends", { ...range(), range: "" }));
  const want = await answer();
  const bad = want.rows.filter((r) => ["only X-Ray", "only New Relic", "differs"].includes(r.state));
  await expect(page.getByText(`${bad.length} of ${want.rows.length} traces differ.`)).toBeVisible();
  const table = page.getByRole("table").first();
  await expect(table.getByRole("button").first()).toHaveAccessibleName(/only in X-Ray/);
  for (const [id, word, xray, newRelic, cause] of [
    [ids.onlyXRay, "only in X-Ray", "2", "0 −2 missing in New Relic", "Nothing of it reached New Relic."],
    [ids.onlyNewRelic, "only in New Relic", "0 −2 missing in X-Ray", "2", "Nothing of it reached X-Ray."],
    [ids.missing, "differs", "2", "1 −1 missing in New Relic", "1 span is missing in New Relic."],
    [ids.status, "differs", "2", "2", "The outcome of 1 span differs."],
    [ids.equal, "equal", "2", "2", "–"],
  ] as const) {
    const row = table.getByRole("row").filter({ has: page.locator(`#backends-${id}`) });
    await expect(row.getByRole("button")).toHaveAccessibleName(new RegExp(`^${word}: .*${id}`));
    await expect(row.getByRole("cell").nth(2)).toHaveText(xray);
    await expect(row.getByRole("cell").nth(3)).toHaveText(newRelic);
    await expect(row.getByRole("cell").nth(4)).toContainText(cause);
  }
  // Only one kind; back shows all again.
  const only = page.getByRole("group", { name: "Show only" });
  await only.getByRole("button", { name: `${want.counts.equal} equal` }).click();
  await expect(page.locator(`#backends-${ids.missing}`)).toBeHidden();
  await expect(page.locator(`#backends-${ids.equal}`)).toBeVisible();
  await page.goBack();
  await expect(page.locator(`#backends-${ids.missing}`)).toBeVisible();
  // Keys go through the traces.
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(table.getByRole("button").first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: /^Spans of/ })).toBeVisible();
  expect(errors).toEqual([]);
});

test("a trace opens to its spans side by side", async ({ page, context }) => {
  await page.goto(address("/backends", { ...range(), range: "" }));
  await page.locator(`#backends-${ids.status}`).click();
  const spans = page.getByRole("region", { name: `Spans of ${ids.status}` });
  const want = await api<TraceDetail>("backends/trace", { id: ids.status });
  await expect(spans.getByText(want.cause.do)).toBeVisible();

  // Only what differs at first, then all.
  await expect(spans.getByText("00000000000000a2")).toBeVisible();
  await expect(spans.getByText("00000000000000a1")).toBeHidden();
  const field = want.spans[1]!.differences[0]!;
  await expect(spans.getByText(`${field.got} in X-Ray, ${field.want} in New Relic`)).toBeVisible();
  await spans.getByRole("button", { name: "All 2 spans" }).click();
  const root = spans.getByRole("row").filter({ hasText: "00000000000000a1" });
  await expect(root).toContainText(want.spans[0]!.newRelic!.name);
  await expect(root).toContainText(duration(want.spans[0]!.newRelic!.duration));

  // Links to the backends themselves carry the id, and nothing secret.
  const aws = await spans.getByRole("link", { name: "Open in AWS" }).getAttribute("href");
  expect(aws).toBe(`https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#xray:traces/${ids.status}`);
  const newRelic = await spans.getByRole("link", { name: "Open in New Relic" }).getAttribute("href");
  expect(newRelic).toContain("https://one.newrelic.com/");
  expect(newRelic).toContain(ids.status.replaceAll("-", "").slice(1));
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await spans.getByRole("button", { name: "Copy the NRQL query for this trace" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`trace.id = '${ids.status.replaceAll("-", "").slice(1)}'`);
  await spans.getByRole("link", { name: "Timeline" }).click();
  await expect(page).toHaveURL(new RegExp(`/trace/${ids.status}`));
});

test("what is only in New Relic, and hostile names, are shown as text", async ({ page }) => {
  test.slow(); // axe reads all of it twice
  const errors = watch(page);
  await page.goto(address("/backends", { ...range(), range: "", trace: ids.hostile, only: "all" }));
  const spans = page.getByRole("region", { name: `Spans of ${ids.hostile}` });
  await expect(spans.getByText(HOSTILE.slice(0, 40), { exact: false })).toBeVisible();
  await expect(spans.getByText("missing in X-Ray", { exact: true })).toBeVisible();
  await checkAll(page, "backends-hostile");
  expect(errors).toEqual([]);
});

test("a sink that does not answer is said, and X-Ray's side is shown", async ({ page }) => {
  const body = await answer();
  await page.route("**/console/api/backends?*", (route) =>
    route.fulfill({
      json: {
        ...body,
        newRelic: { ...body.newRelic, error: { title: "The New Relic sink does not answer", detail: "Start it with: bragg sink" } },
        rows: body.rows.map((r) => ({ ...r, state: "unread", newRelic: 0 })),
        counts: { unread: body.rows.length },
      },
    }),
  );
  await page.goto(address("/backends", { ...range(), range: "" }));
  await expect(page.getByRole("alert")).toContainText("bragg sink");
  await expect(page.getByText(`${body.rows.length} traces, not compared.`)).toBeVisible();
});

test("live, what arrives does not move what is read", async ({ page }, info) => {
  const now = (seed: number) => differ(consoleUrl(), process.env.SINK_URL!, info.workerIndex + seed, 15);
  await now(20);
  await page.goto(address("/backends", { live: "1", range: "15m", filter: 'service("both-ways")' }));
  const first = page.getByRole("table").first().getByRole("button").first();
  await first.click();
  const name = await first.getAttribute("aria-label");
  const more = await now(50);
  const fresh = page.getByRole("button", { name: /^\d+ new$/ });
  await expect(fresh).toBeVisible({ timeout: 15_000 });
  await expect(first).toHaveAttribute("aria-label", name!);
  await expect(page.locator(`#backends-${more.onlyXRay}`)).toBeHidden();
  await fresh.click();
  await expect(page.locator(`#backends-${more.onlyXRay}`)).toBeVisible();
});

test("older traces are compared when asked", async ({ page }) => {
  // The demo's traces, which came after those that are planted, all of them equal.
  const at = Number(process.env.PLANTED_AT);
  const time = { range: "", from: new Date((at - 300) * 1000).toISOString(), to: new Date((at + 60) * 1000).toISOString() };
  await page.goto(address("/backends", { ...time, filter: 'service("web")' }));
  await expect(page.getByText("Of X-Ray's the newest 100 were compared.")).toBeVisible();
  const equal = page.getByRole("group", { name: "Show only" }).getByRole("button", { name: /equal$/ });
  await expect(equal).toHaveText(/ 100 equal/);
  await page.getByRole("button", { name: "Compare the next 100" }).click();
  await expect(page).toHaveURL(/compared=200/);
  await expect(equal).toHaveText(/ 200 equal/);
  await expect(page.getByText(/The filter speaks of what X-Ray has/)).toBeVisible();
});
