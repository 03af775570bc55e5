import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test, type Page } from "@playwright/test";
import { BRAGG } from "./local";
import { HOSTILE, put, traceId } from "./plant";
import { address, checkAxe, consoleUrl, planted, watch } from "./server";

const grid = (page: Page) => page.getByRole("treegrid", { name: "Timeline" });
const selected = (page: Page) => grid(page).getByRole("row", { selected: true });
const panel = (page: Page) => page.getByRole("complementary", { name: "Selected segment" });

test("the header says what the trace is", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`));
  await expect(page.getByRole("heading", { level: 1, name: "POST /orders" })).toBeVisible();
  const header = page.locator("main header");
  for (const text of ["fault", "502", "2.00 s", "3 segments, 53 rows", "user ada", "mailer", "orders", "shipping", planted("odd")]) {
    await expect(header.getByText(text, { exact: true }).first()).toBeVisible();
  }
  await expect(page.getByText("1 in progress; 1 row has a parent that has not arrived.")).toBeVisible();
  await page.getByRole("navigation", { name: "Linked traces" }).getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: "queue-worker" })).toBeVisible();
  const from = page.getByRole("navigation", { name: "Linked from" }).getByRole("link", { name: "parent POST /orders" });
  await expect(from).toHaveAttribute("title", planted("odd"));
  await from.click();
  await expect(page).toHaveURL(new RegExp(`/trace/${planted("odd")}.*segment=00000000000000c1`));
  await expect(page.getByRole("heading", { level: 1, name: "POST /orders" })).toBeVisible();
  await page.goBack();
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "POST /orders" })).toBeVisible();
});

test("each row has a bar that is seen", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`));
  const bars = grid(page).locator(".trace-bar");
  await expect(bars).toHaveCount(6);
  // Not only there: at the middle of each, what is painted is that bar.
  const seen = await bars.evaluateAll((all) =>
    all.map((bar) => {
      const box = bar.getBoundingClientRect();
      return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === bar && box.width > 20;
    }),
  );
  expect(seen).toEqual(Array(6).fill(true));
  // The first begins where the axis does, and ends where it ends.
  const [bar, axis] = [(await bars.first().boundingBox())!, (await page.getByRole("columnheader", { name: "Time" }).boundingBox())!];
  expect(Math.abs(bar.x - axis.x)).toBeLessThan(1);
  expect(Math.abs(bar.width - axis.width)).toBeLessThan(1);
});

test("repeats are folded, and what went wrong shows when collapsed", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`));
  await expect(grid(page).getByRole("row")).toHaveCount(7);
  const run = grid(page).getByRole("row", { name: /DynamoDB × 48/ });
  await expect(run).toHaveAttribute("aria-expanded", "false");
  await run.click();
  await page.keyboard.press("Escape");
  await grid(page).focus();
  await page.keyboard.press("ArrowRight");
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "55");
  await page.reload();
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "55");
  await page.getByRole("button", { name: "Fold repeats" }).click();
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "54");

  await page.goto(address(`/trace/${planted("large")}`));
  await page.getByRole("button", { name: "Collapse all" }).click();
  await expect(grid(page).locator(".trace-within").first()).toBeVisible();
});

test("the timeline is a tree grid for the keyboard", async ({ page }) => {
  const errors = watch(page);
  await page.goto(address(`/trace/${planted("odd")}`));
  await grid(page).focus();
  await page.keyboard.press("ArrowDown");
  await expect(selected(page)).toContainText("orders");
  await page.keyboard.press("ArrowLeft");
  await expect(selected(page)).toHaveAttribute("aria-expanded", "false");
  await expect(grid(page)).toHaveAttribute("aria-rowcount", "3");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(selected(page)).toContainText("DynamoDB × 48");
  await page.keyboard.press("End");
  await expect(selected(page)).toContainText("shipping");
  await expect(selected(page)).toContainText("parent missing");
  await page.keyboard.press("Home");
  await expect(selected(page)).toContainText("orders");
  await page.keyboard.press("e");
  await expect(selected(page)).toContainText("charge");
  await page.keyboard.press("e");
  await expect(selected(page)).toContainText("payments.example.com");
  await page.keyboard.press("ArrowLeft");
  await expect(selected(page)).toContainText("charge");
  await page.keyboard.press("c");
  await expect(page).toHaveURL(/critical=1/);
  await expect(page.locator(".trace-critical").first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(panel(page).getByRole("heading", { name: "charge" })).toBeVisible();
  expect(errors).toEqual([]);
});

test("the panel tells everything of a segment, and keeps its tab", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`, { segment: "00000000000000c3" }));
  await expect(selected(page)).toContainText("payments.example.com");
  await expect(panel(page)).toContainText("https://payments.example.com/charges");
  await panel(page).getByRole("tab", { name: "Exceptions" }).click();
  await expect(page).toHaveURL(/tab=exceptions/);
  await expect(panel(page)).toContainText("ChargeFailed");
  await expect(panel(page)).toContainText("orders.Charge orders/charge.go:41");
  await expect(panel(page).getByText("caused by")).toBeVisible();
  await expect(panel(page)).toContainText("no answer in 500 ms");

  await panel(page).getByRole("tab", { name: "JSON" }).click();
  await grid(page).getByRole("row", { name: /orders POST/ }).click();
  await expect(panel(page).getByRole("tab", { name: "JSON" })).toHaveAttribute("aria-selected", "true");
  await expect(panel(page)).toContainText('"user": "ada"');
  await panel(page).getByRole("tab", { name: "Annotations" }).click();
  await panel(page).getByRole("link", { name: "gold" }).click();
  await expect(page.getByLabel("Filter expression")).toHaveValue('annotation["plan"] = "gold"');
  await expect(page.getByRole("grid", { name: "Traces" }).getByRole("row", { name: /POST \/orders/ }).first()).toBeVisible();
});

test("a search finds what is in any field, and a range can be zoomed to", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`));
  await expect(grid(page)).toBeVisible();
  await page.keyboard.press("s");
  await page.keyboard.type("refused");
  await expect(page.getByText("1 match", { exact: true })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(selected(page)).toContainText("payments.example.com");
  await expect(page).toHaveURL(/q=refused/);

  const overview = page.getByRole("application", { name: /Overview of the trace/ });
  const box = (await overview.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.5, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 10, { steps: 3 });
  await page.mouse.up();
  await expect(page).toHaveURL(/zoom=\d+(\.\d+)?-\d+/);
  await expect(overview).toHaveAttribute("aria-label", /Shown: (1\.00 s|999 ms|998 ms) to 1\.5/);
  await overview.focus();
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/zoom=/);
  await page.keyboard.press("+");
  await expect(page).toHaveURL(/zoom=500-1500/);
});

test("the trace can be had as commands, JSON and files", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`));
  const copied = async (name: string) => {
    await page.getByRole("button", { name: "Copy", exact: false }).first().click();
    await page.getByRole("button", { name, exact: true }).click();
    await expect(page.getByText("Copied")).toBeVisible();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    await page.keyboard.press("Escape");
    return text;
  };
  expect(await copied("Trace id")).toBe(planted("odd"));
  expect(await copied("Trace id of W3C and OpenTelemetry")).toBe(planted("odd").slice(2).replace("-", ""));
  expect(await copied("Link to what is shown")).toBe(page.url());
  const aws = await copied("aws xray command");
  expect(aws).toBe(`aws xray batch-get-traces --no-sign-request --region us-east-1 --endpoint-url ${consoleUrl()} --trace-ids ${planted("odd")}`);
  expect(await copied("bragg command")).toContain(`bragg trace ${planted("odd")} --endpoint http://127.0.0.1`);
  const json = JSON.parse(await copied("Documents as JSON")) as { Id: string }[];
  expect(json[0]?.Id).toBe(planted("odd"));

  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /Segment documents/ }).click()]);
  expect(download.suggestedFilename()).toBe(`trace-${planted("odd")}.jsonl`);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { name: string }).name).sort()).toEqual(["mailer", "orders", "shipping"]);
  const [spans] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /OpenTelemetry spans/ }).click()]);
  expect(readFileSync(await spans.path(), "utf8")).toContain('"resourceSpans"');

  // The command that was copied works, as it is.
  const command = (await copied("bragg command")).split(" ");
  expect(execFileSync(BRAGG, command.slice(1), { encoding: "utf8" })).toMatch(/GetItem × 48|GetItem x 48|× 48/);
});

test("a span that came by OTLP is there as it came", async ({ page }) => {
  const seconds = Number(process.env.PLANTED_AT);
  const traceId = `${seconds.toString(16)}aaaaaaaaaaaaaaaaaaaaaaa9`;
  const span = { traceId, spanId: "00000000000000d9", name: "GET /by-otlp", kind: 2, startTimeUnixNano: `${seconds}000000000`, endTimeUnixNano: `${seconds + 1}000000000`, attributes: [{ key: "cart.size", value: { intValue: "7" } }] };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "otlp" } }] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  const sent = await fetch(`${consoleUrl()}/v1/traces`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  expect(sent.ok).toBeTruthy();
  await page.goto(address(`/trace/1-${traceId.slice(0, 8)}-${traceId.slice(8)}`, { segment: span.spanId, tab: "span" }));
  await expect(panel(page).getByRole("tabpanel")).toContainText('"cart.size"');
  await expect(panel(page).getByRole("tabpanel")).toContainText("GET /by-otlp");
  await expect(panel(page).getByLabel("The span as it came").first()).toBeVisible();
  // One that came as a document says so.
  await page.goto(address(`/trace/${planted("odd")}`, { segment: "00000000000000c1", tab: "span" }));
  await expect(panel(page)).toContainText("It did not come by OTLP");
});

test("segments that arrive later are there when it is read again", async ({ page }) => {
  const now = Math.floor(Date.now() / 1000);
  const id = traceId(now, randomBytes(12).toString("hex"));
  const part = (n: number, more: object) => ({ trace_id: id, id: `00000000000000f${n}`, name: `part-${n}`, start_time: now, end_time: now + n, ...more });
  await put(consoleUrl(), [part(1, { end_time: undefined, in_progress: true })]);
  await page.goto(address(`/trace/${id}`));
  await expect(page.getByText("1 in progress.")).toBeVisible();
  await put(consoleUrl(), [part(1, {}), part(2, { parent_id: "00000000000000f1" })]);
  await page.keyboard.press("r");
  await expect(grid(page).getByRole("row", { name: /part-2/ })).toBeVisible();
  await expect(page.getByText("1 in progress.")).toBeHidden();
});

test("the map of the trace is the service map, and selects what the timeline does", async ({ page }) => {
  await page.goto(address(`/trace/${planted("odd")}`));
  await page.getByRole("button", { name: "Map", exact: true }).click();
  const map = page.getByRole("group", { name: "Service map" });
  const node = (name: string) => map.getByRole("button", { name: new RegExp(`^${name}, `) });
  await expect(node("orders, database")).toHaveAccessibleName(/48 requests, mean 18.0 ms, all ok$/);

  // From the map to rows: the first that ended worst, then all others.
  await node("orders, database").click();
  await expect(panel(page).getByRole("heading", { name: "DynamoDB" })).toBeVisible();
  await expect(page.getByText("row 1 of 48")).toBeVisible();
  await page.getByRole("button", { name: "Its next row" }).click();
  await expect(page).toHaveURL(/segment=000000000000c101/);
  await expect(node("orders, database")).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("button", { name: "Show in the timeline" }).click();
  await expect(selected(page)).toContainText("DynamoDB GetItem");

  // From the timeline to the map, by keys along an edge, and back.
  await grid(page).press("End");
  await grid(page).getByRole("row", { name: /shipping/ }).click();
  await page.getByRole("button", { name: "Map", exact: true }).click();
  await expect(node("shipping")).toHaveAttribute("aria-pressed", "true");
  await node("clients of orders").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(panel(page).getByRole("heading", { name: "orders" })).toBeVisible();
  await expect(map.getByRole("button", { name: /^clients of orders → orders, 1 request, 100% fault, p95 2.00 s/ })).toHaveAttribute("aria-pressed", "true");
  await node("payments.example.com").dblclick();
  await expect(selected(page)).toContainText("payments.example.com");

  // It can be moved, and the address keeps that.
  await page.getByRole("button", { name: "Map", exact: true }).click();
  await page.getByRole("button", { name: "Larger" }).click();
  await expect(page).toHaveURL(/at=/);
  await checkAxe(page);
});

test("what is folded stays so after a reload, however many rows that are", async ({ page }) => {
  await page.goto(address(`/trace/${planted("large")}`, { repeats: "0" }));
  await page.getByRole("button", { name: "Collapse all" }).click();
  const folded = await grid(page).getAttribute("aria-rowcount");
  const closed = grid(page).locator("[role=row][aria-expanded=false]");
  for (let i = 0; i < 2; i++) await closed.nth(1).locator(".trace-toggle").click();
  await expect(grid(page)).not.toHaveAttribute("aria-rowcount", folded!);
  const rows = await grid(page).getAttribute("aria-rowcount");
  const text = new URL(page.url()).searchParams.get("closed")!;
  expect(text).toMatch(/^\d+\.[iob]/);
  expect(text.length).toBeLessThan(60);
  await page.reload();
  await expect(grid(page)).toHaveAttribute("aria-rowcount", rows!);
});

test("5,000 rows are a few hundred elements", async ({ page }) => {
  await page.goto(address(`/trace/${planted("large")}`, { repeats: "0" }));
  await expect(grid(page)).toHaveAttribute("aria-rowcount", /^50\d\d$/);
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(1000);
  await grid(page).focus();
  await page.keyboard.press("End");
  await expect(selected(page)).toBeVisible();
  await page.keyboard.press("Home");
  await expect(selected(page)).toContainText("service-0");
});

test("an unknown trace, and what is none, say so", async ({ page }) => {
  await page.goto(address("/trace/1-5f84c7a1-000000000000000000000000"));
  await expect(page.getByRole("heading", { name: "No such trace" })).toBeVisible();
  await page.goto(address("/trace/nonsense"));
  await expect(page.getByRole("heading", { name: "This is no trace id" })).toBeVisible();
  await page.goto(address("/trace/%E0%A4")); // no UTF-8
  await expect(page.getByRole("heading", { name: "This is no trace id" })).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  test(`what a trace says is text, whatever it says, in ${theme}`, async ({ page }) => {
    test.slow();
    const errors = watch(page);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(address("/traces", { filter: 'service("hostile")' }));
    await expect(page.getByRole("grid").getByRole("row").nth(1)).toContainText("<script>alert(1)</script>");
    await page.goto(address(`/trace/${planted("hostile")}`, { segment: "00000000000000a1" }));
    for (const tab of ["Overview", "Resources", "Annotations", "Metadata", "Exceptions", "JSON"]) {
      await panel(page).getByRole("tab", { name: tab }).click();
      await expect(panel(page).getByRole("tabpanel")).toContainText(tab === "JSON" ? "onerror=alert(1)" : HOSTILE.replace("\u202e", ""));
      if (tab === "Overview" || tab === "Exceptions") await checkAxe(page);
    }
    await grid(page).getByRole("row", { name: /db@host/ }).click();
    await panel(page).getByRole("tab", { name: "SQL" }).click();
    await expect(panel(page).getByRole("tabpanel")).toContainText("<script>alert(1)</script>");
    await page.getByRole("button", { name: "Map", exact: true }).click();
    await expect(page.getByRole("group", { name: "Service map" })).toBeVisible();
    expect(await page.locator("img, a[href^='javascript']").count()).toBe(0);
    expect(await page.evaluate(() => [...document.scripts].every((s) => s.src.startsWith(location.origin)))).toBeTruthy();
    expect(errors).toEqual([]);
  });
}
