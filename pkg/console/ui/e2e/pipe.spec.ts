import { expect, test, type Page } from "@playwright/test";
import { count } from "../src/format";
import type { PipeState, Rules } from "../src/pages/pipe/types";
import { refuse, report, telemetry } from "./differ";
import { HOSTILE } from "./plant";
import { address, api, checkAll, consoleUrl, watch } from "./server";

/** The sum of a metric's series of the collector, by what their labels contain. */
async function metric(url: string, name: string, labels: string): Promise<number> {
  const text = await (await fetch(url)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Sends a trace through the collector's pipe: the demo's web makes one of a request. */
async function traffic(): Promise<void> {
  const response = await fetch(`${process.env.DEMO_URL}/apply`, {
    method: "POST",
    body: JSON.stringify({ client_id: "enova", amount: 3000 }),
    headers: { "Content-Type": "application/json" },
  });
  expect(response.status, await response.text()).toBeLessThan(500);
}

test("the figures are those of the collector's metrics", async ({ page }) => {
  test.skip(!process.env.DEMO_URL, "needs DEMO_URL beside CONSOLE_URL");
  const errors = watch(page);
  await traffic();
  await expect
    .poll(async () => (await api<PipeState>("pipe")).collector?.pipes.filter((p) => (p.sent?.total ?? 0) > 0).length, { timeout: 15_000 })
    .toBe(2);
  const { metrics } = await api<PipeState>("pipe");
  const total = (exporter: string) => metric(metrics, "otelcol_exporter_sent_spans", `exporter="${exporter}"`);
  await page.goto(address("/pipe"));
  for (const [backend, exporter] of [["AWS X-Ray", "awsxray"], ["New Relic", "otlp_http/newrelic"]] as const) {
    const lane = page.getByRole("region", { name: `To ${backend}` });
    await expect(async () => {
      await expect(lane).toContainText(`${count(await total(exporter))} spans`, { timeout: 3000 });
    }).toPass();
    await expect(lane.getByText("Queue", { exact: true })).toBeVisible();
    await expect(lane.getByText(/^failed 0$/)).toBeVisible();
  }
  const receiver = page.getByRole("region", { name: "Receiver otlp" });
  await expect(async () => {
    await expect(receiver).toContainText(`${count(await metric(metrics, "otelcol_receiver_accepted_spans", 'receiver="otlp"'))} spans`, { timeout: 3000 });
  }).toPass();
  // What New Relic's exporter does not count is named.
  await expect(page.getByRole("region", { name: "To New Relic" })).toContainText("Not reported by this component: retries, throttling, drops by reason.");
  await expect(page.getByRole("region", { name: "To AWS X-Ray" })).not.toContainText("Not reported");
  await expect(page.getByText(/rates over the last/)).toBeVisible();
  expect(errors).toEqual([]);
});

test("refused documents are listed with reason and original", async ({ page, context }) => {
  const errors = watch(page);
  const { nameless } = await refuse(consoleUrl());
  await page.goto(address("/pipe"));
  const section = page.getByRole("region", { name: /Refused documents/ });
  const row = section.getByRole("button", { name: /MissingName it has no name/ }).first();
  await row.click();
  await expect(page).toHaveURL(/refused=\d+/);
  const original = section.getByLabel(/Original of refused document/);
  await expect(original).toContainText('"id": "00000000000000f1"');
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await section.getByRole("button", { name: "Copy the original" }).click();
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).id).toBe(JSON.parse(nameless).id);
  // Hostile text is text.
  await section.getByRole("button", { name: /InvalidTraceId/ }).first().click();
  await expect(original).toContainText("<img src=x onerror=alert(1)>");
  await page.goBack();
  await expect(original).toContainText("00000000000000f1");
  // So are spans, each apart.
  const spans = [{ spanId: "00000000000000f7", name: HOSTILE }];
  await fetch(`${consoleUrl()}/v1/traces`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }) });
  await page.goto(address("/pipe"));
  await section.getByRole("button", { name: /Span it has no trace id/ }).first().click();
  await expect(original).toContainText('"spanId": "00000000000000f7"');
  const { refused } = await api<PipeState>("pipe");
  await expect(section.getByRole("heading")).toContainText(String(refused.all));
  expect(errors).toEqual([]);
});

async function fill(page: Page, label: string, value: string): Promise<void> {
  await page.getByRole("form").getByLabel(label, { exact: true }).fill(value);
}

test("sampling rules are made, changed and deleted, with their trend", async ({ page }, info) => {
  const errors = watch(page);
  const name = `e2e-${info.workerIndex}-${info.retry}`;
  await page.goto(address("/pipe"));
  await page.getByRole("button", { name: "New rule" }).click();
  await fill(page, "Name", name);
  await fill(page, "Priority, 1 to 9999", "7");
  await fill(page, "Rate of the rest, %", "12.5");
  await fill(page, "URL path", "/checkout/*");
  await fill(page, "Attributes, key=value, with commas between", "tier=gold");
  await page.getByRole("button", { name: "Create" }).click();
  const row = page.getByRole("row").filter({ has: page.getByRole("button", { name: `Change the rule ${name}` }) });
  await expect(row).toContainText("12.5%");
  await expect(row).toContainText("/checkout/* · tier = gold");
  await expect(row).toContainText("no report");

  await report(consoleUrl(), name, 40, 12);
  await expect(row).toContainText("12 of 40", { timeout: 15_000 });
  await expect(row.getByRole("img", { name: "40 requests matched, 12 sampled" })).toBeVisible();

  await row.getByRole("button", { name: `Change the rule ${name}` }).click();
  await fill(page, "Reservoir, a second", "9");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("9 /s");
  const saved = (await api<Rules>("pipe/rules")).rules.find((r) => r.name === name)!;
  expect([saved.reservoir, saved.fixedRate, saved.path, saved.attributes]).toEqual([9, 0.125, "/checkout/*", { tier: "gold" }]);

  // What X-Ray refuses is said, and nothing is lost.
  await page.getByRole("button", { name: "New rule" }).click();
  await fill(page, "Name", name);
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("alert")).toContainText("already exists");
  await page.getByRole("button", { name: "Cancel" }).click();

  await row.getByRole("button", { name: `Change the rule ${name}` }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("button", { name: `Delete ${name} for good` }).click();
  await expect(row).toBeHidden();
  expect((await api<Rules>("pipe/rules")).rules.map((r) => r.name)).not.toContain(name);
  expect(errors.filter((e) => !/400/.test(e))).toEqual([]);
});

test("agents are listed; all of it fits and reads, in both themes", async ({ page }) => {
  test.slow(); // axe reads all of it twice
  const errors = watch(page);
  await telemetry(consoleUrl(), "ip-10-0-3-17.ec2.internal");
  await refuse(consoleUrl());
  const { refused } = await api<PipeState>("pipe");
  await page.goto(address("/pipe", { refused: String(refused.newest[0]!.number), rule: "+" }));
  const agents = page.getByRole("region", { name: /Agents/ });
  const want = (await api<PipeState>("pipe")).agents.find((a) => a.name === "ip-10-0-3-17.ec2.internal")!;
  const row = agents.getByRole("row").filter({ hasText: want.name });
  await expect(row.getByRole("cell").nth(1)).toHaveText(count(want.received));
  await expect(row.getByRole("cell").nth(4)).toContainText(count(want.rejected));
  await expect(row.getByRole("cell").nth(5)).toContainText(Object.entries(want.errorsBy!).map(([kind, n]) => `${count(n)} ${kind}`).join(", "));
  await expect(row).toContainText(HOSTILE.slice(0, 30));
  await checkAll(page, "pipe-rule");
  expect(errors).toEqual([]);
});

test("a collector that cannot be reached is no zero", async ({ page }) => {
  const body = await api<PipeState>("pipe");
  await page.route("**/console/api/pipe", (route) =>
    route.fulfill({ json: { ...body, collector: null, error: { title: "The collector's metrics cannot be read", detail: "http://127.0.0.1:8888/metrics does not answer." } } }),
  );
  await page.goto(address("/pipe"));
  await expect(page.getByRole("alert")).toContainText("does not answer");
  await expect(page.getByRole("region", { name: "The collector" })).toBeHidden();
  await expect(page.getByText("that is not the same as zero")).toBeVisible();
});
