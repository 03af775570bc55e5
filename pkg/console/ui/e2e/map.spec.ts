import { expect, test, type Page } from "@playwright/test";
import { address, api, checkAll, checkAxe, consoleUrl, planted, watch } from "./server";

// The service map: what a reader sees is what X-Ray's API answers.

interface Node {
  id: string;
  name: string;
  label: string;
  kind: string;
  type: string;
  total: number;
  fault: number;
  filter: string;
  traffic: string;
}
interface Answer {
  nodes: Node[];
  edges: { id: string; from: string; to: string; total: number }[];
}

/** A time range that does not move, so that page and API speak of the same. */
const to = Math.ceil(Date.now() / 1000) + 5;
const RANGE = { from: new Date((to - 3600) * 1000).toISOString(), to: new Date(to * 1000).toISOString() };
const DEMO = 'service("web")';
const open = (page: Page, params: Record<string, string> = {}) => page.goto(address("/map", { ...RANGE, filter: DEMO, ...params }));
const read = (params: Record<string, string | number> = {}) => api<Answer>("map", { from: to - 3600, to, filter: DEMO, ...params });
const mark = (page: Page, id: string) => page.locator(`[data-node="${id}"]`);
const panel = (page: Page) => page.getByRole("complementary");
const web = (answer: Answer) => answer.nodes.find((n) => n.name === "web" && n.kind !== "client")!;

interface Served {
  Services: { Name: string; Type?: string; SummaryStatistics?: { TotalCount: number; OkCount: number; FaultStatistics: { TotalCount: number }; TotalResponseTime: number } }[];
}

test("the map has the numbers of GetServiceGraph", async ({ page }) => {
  const errors = watch(page);
  const response = await fetch(`${consoleUrl()}/ServiceGraph`, {
    method: "POST",
    headers: { "X-Bragg-Filter": encodeURIComponent(DEMO) },
    body: JSON.stringify({ StartTime: to - 3600, EndTime: to }),
  });
  const graph = (await response.json()) as Served;
  expect(graph.Services.length).toBeGreaterThan(4);
  await open(page);
  await expect(page.locator("[data-node]")).toHaveCount(graph.Services.length);
  const service = graph.Services.find((s) => s.Name === "web" && s.SummaryStatistics)!;
  const own = service.SummaryStatistics!;
  await mark(page, web(await read()).id).click();
  await expect(panel(page).getByRole("heading", { name: "web", exact: true })).toBeVisible();
  await expect(panel(page).getByRole("link", { name: new RegExp(`^${own.OkCount} ok`) })).toBeVisible();
  await expect(panel(page).getByRole("link", { name: new RegExp(`^${own.FaultStatistics.TotalCount} fault`) })).toBeVisible();
  const rate = (own.TotalCount / 3600) * 60;
  await expect(panel(page).getByText(`${Number(rate.toPrecision(3))}/min`).first()).toBeVisible();
  await expect(page).toHaveURL(/sel=web/);
  expect(errors).toEqual([]);
});

test("what the first view shows is asked for ahead of its scripts, and not again by them", async ({ page }) => {
  for (const [path, asked] of [
    ["/map", "/console/api/map"],
    ["/traces", "/console/api/traces"],
    [`/trace/${planted("large")}`, `/console/api/trace/${planted("large")}`],
  ] as const) {
    const requests: string[] = [];
    const listen = (request: { url: () => string }) => requests.push(request.url());
    page.on("request", listen);
    await page.goto(address(path, path.startsWith("/trace/") ? {} : { ...RANGE, filter: DEMO }));
    await expect(page.locator("[data-node], [role=row]").first()).toBeVisible();
    page.off("request", listen);
    const mine = requests.filter((url) => new URL(url).pathname === asked);
    expect(new Set(mine).size, mine.join("\n")).toBe(mine.length);
    expect(mine.length).toBe(path === "/traces" ? 2 : 1); // the first of the list, and the list
  }
});

test("outcomes and a range of response times become a filter for Traces and Analytics", async ({ page }) => {
  const node = web(await read());
  await open(page, { sel: node.id });
  await panel(page).getByRole("checkbox", { name: "fault" }).check();
  await expect(panel(page).getByText(`${node.filter} { fault }`)).toBeVisible();
  await panel(page).getByRole("checkbox", { name: "ok" }).check();
  const chart = panel(page).getByRole("application", { name: /Response times/ });
  const box = (await chart.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.1, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.mouse.up();
  await expect(panel(page).getByText(/^[\d,]+ of [\d,]+ took/)).toBeVisible();
  const code = await panel(page).locator("code").innerText();
  expect(code).toMatch(/\{ \(fault OR ok\) AND responsetime >= [\d.]+ AND responsetime < [\d.]+ \}$/);
  await page.reload();
  await expect(panel(page).locator("code")).toHaveText(code);
  const analyse = panel(page).getByRole("link", { name: "Analyse against the rest" });
  expect(new URL((await analyse.getAttribute("href"))!, page.url()).searchParams.get("b")).toBe(code);
  await expect(panel(page).getByText("What is different about the slow ones")).toBeHidden();
  await panel(page).getByRole("link", { name: "View traces" }).click();
  await expect(page).toHaveURL(/\/traces\?/);
  await expect(page.getByLabel("Filter expression")).toHaveValue(`${DEMO} AND ${code}`);
  await page.goBack();
  await panel(page).getByRole("button", { name: "clear" }).click();
  await panel(page).getByRole("checkbox", { name: "ok" }).uncheck();
  await panel(page).getByRole("checkbox", { name: "fault" }).uncheck();
  await panel(page).getByRole("link", { name: "What is different about the slow ones" }).click();
  await expect(page).toHaveURL(/\/analytics\?.*responsetime/);
});

test("the list has as many traces as the panel counts requests", async ({ page }) => {
  const node = web(await read());
  await open(page, { sel: node.id });
  for (const [from, until] of [
    [0.02, 0.6],
    [0.5, 0.75],
    [0.7, 0.99],
  ] as const) {
    const box = (await panel(page).getByRole("application", { name: /Response times/ }).boundingBox())!;
    await page.mouse.move(box.x + box.width * from, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * until, box.y + 20);
    await page.mouse.up();
    const said = await panel(page).getByText(/^[\d,]+ of [\d,]+ took/).innerText();
    const counted = Number(/^[\d,]+/.exec(said)![0].replaceAll(",", ""));
    expect(counted).toBeGreaterThan(0);
    await panel(page).getByRole("link", { name: "View traces" }).click();
    await expect(page).toHaveURL(/\/traces\?/);
    await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(counted + 1));
    await page.goBack();
  }
  const faults = panel(page).getByRole("link", { name: /^\d+ fault/ });
  await panel(page).getByRole("button", { name: "clear" }).click();
  await expect(faults).toHaveAccessibleName(new RegExp(`^${node.fault} fault`));
  await faults.click();
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(node.fault + 1));
});

test("an edge is chosen by a click, and from the lists of a node", async ({ page }) => {
  const answer = await read();
  const node = web(answer);
  const edge = answer.edges.find((e) => e.from === node.id)!;
  await open(page);
  await page.locator(`[data-edge="${edge.id}"] .map-hit`).dispatchEvent("click");
  await expect(panel(page).getByText(/edge\(/).first()).toBeVisible();
  await panel(page).getByRole("button", { name: "web", exact: false }).last().click();
  await expect(panel(page).getByRole("heading", { name: "Calls", exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel(page).getByRole("heading", { name: "How to read it" })).toBeVisible();
});

test("focus shows what is some calls away, and back", async ({ page }) => {
  const node = web(await read());
  const near = await read({ focus: node.id, hops: 1 });
  const nearer = await read({ focus: node.id, hops: 2 });
  await open(page);
  await mark(page, node.id).dblclick();
  await expect(page).toHaveURL(/focus=/);
  await expect(page.locator("[data-node]")).toHaveCount(near.nodes.length);
  await panel(page).getByLabel("Calls away").selectOption("2");
  await expect(page.locator("[data-node]")).toHaveCount(nearer.nodes.length);
  await page.goBack();
  await page.goBack();
  await expect(page).not.toHaveURL(/focus=/);
  await mark(page, node.id).click();
  await page.keyboard.press("f");
  await expect(page.locator("[data-node]")).toHaveCount(near.nodes.length);
  await page.getByRole("button", { name: /around web/ }).click();
  await expect(page).not.toHaveURL(/focus=/);
});

test("search finds nodes by name and type", async ({ page }) => {
  const answer = await read();
  await open(page);
  await expect(page.locator("[data-node]").first()).toBeVisible();
  await page.keyboard.press("s");
  const search = page.getByRole("combobox", { name: "Search for a service" });
  await expect(search).toBeFocused();
  await search.fill("dynamodb");
  const hits = answer.nodes.filter((n) => /dynamodb/i.test(n.name + n.type));
  await expect(page.getByRole("option")).toHaveCount(hits.length);
  await expect(page.getByText(`${hits.length} found`)).toBeVisible();
  await search.press("Enter");
  await expect(page).toHaveURL(/sel=/);
  await search.press("Escape");
  await expect(search).toHaveValue("");
});

test("zoom and pan stay in the URL", async ({ page }) => {
  await open(page);
  const group = page.locator(".map-svg > g");
  await expect(group).toHaveAttribute("transform", /scale/);
  const fitted = await group.getAttribute("transform");
  await page.getByRole("button", { name: "Larger" }).click();
  await expect(group).not.toHaveAttribute("transform", fitted!);
  await expect(page).toHaveURL(/at=/);
  const box = (await page.locator(".map-svg").boundingBox())!;
  await page.mouse.move(box.x + 30, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 130, box.y + 80);
  await page.mouse.up();
  await page.mouse.wheel(0, -200);
  await page.keyboard.press("-");
  const moved = await group.getAttribute("transform");
  await page.reload();
  await expect(group).toHaveAttribute("transform", new RegExp(moved!.slice(0, 12).replace(/[().]/g, "\\$&").replace(/\d$/, "")));
  await page.getByRole("button", { name: "Fit" }).click();
  await expect(group).toHaveAttribute("transform", fitted!);
});

test("keys go from node to node along the edges, and Enter opens either", async ({ page }) => {
  const answer = await read();
  const client = answer.nodes.find((n) => n.kind === "client")!;
  const node = web(answer);
  const calls = answer.edges.filter((e) => e.from === "applications||");
  expect(calls.length).toBeGreaterThan(1);
  await open(page);
  const focused = page.locator(".map-svg :focus");
  await mark(page, client.id).focus();
  await page.keyboard.press("ArrowRight");
  const first = answer.edges.find((e) => e.from === client.id)!;
  await expect(focused).toHaveAttribute("data-edge", first.id);
  await expect(focused).toHaveAccessibleName(new RegExp(`^clients of web → web, ${first.total} requests, [\\d.]+% fault.*, p95 [\\d.]+ m?s$`));
  await page.keyboard.press("Enter");
  await expect(panel(page).getByText(/edge\(/).first()).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(focused).toHaveAttribute("data-node", node.id);
  await expect(focused).toHaveAccessibleName(/^web, .*\/min, mean /);

  // All edges of a node, one after the other, and back the way that one came.
  await mark(page, "applications||").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Home");
  const seen = new Set<string>();
  for (let i = 0; i < calls.length; i++) {
    seen.add((await focused.getAttribute("data-edge"))!);
    await page.keyboard.press("ArrowDown");
  }
  expect([...seen].sort()).toEqual(calls.map((e) => e.id).sort());
  await page.keyboard.press("ArrowLeft");
  await expect(focused).toHaveAttribute("data-node", "applications||");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Home");
  await page.keyboard.press(" ");
  await expect(page).toHaveURL(/sel=/);
});

test("the drawing is one stop of the tab key, and each of its nodes and edges can have the focus", async ({ page }) => {
  const answer = await read();
  await open(page);
  const things = page.locator(".map-svg [role=button]");
  await expect(things).toHaveCount(answer.nodes.length + answer.edges.length);
  await expect(page.locator(".map-svg [tabindex='0']")).toHaveCount(1);
  for (const e of answer.edges) {
    const edge = page.locator(`[data-edge="${e.id}"]`);
    await edge.focus();
    await expect(edge).toBeFocused();
  }
});

test("the table has the same nodes and sorts them", async ({ page }) => {
  const answer = await read();
  await open(page);
  await page.getByRole("button", { name: "Table", exact: true }).click();
  const rows = page.getByRole("region", { name: "Nodes as a table" }).locator("tbody tr");
  await expect(rows).toHaveCount(answer.nodes.length);
  const most = [...answer.nodes].sort((a, b) => b.total - a.total || a.id.localeCompare(b.id))[0]!;
  await expect(rows.first()).toContainText(most.total.toLocaleString("en-US"));
  await page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
  await expect(page.getByRole("columnheader", { name: /Name/ })).toHaveAttribute("aria-sort", "ascending");
  await rows.first().getByRole("button").click();
  await expect(panel(page).getByText("As a filter")).toBeVisible();
  await checkAxe(page);
});

test("a filter that nothing matches says so", async ({ page }) => {
  await page.goto(address("/map", { filter: 'service("no such service")' }));
  await expect(page.getByRole("heading", { name: "Nothing to draw on the map" })).toBeVisible();
  await page.getByRole("button", { name: "Without the filter" }).click();
  await expect(page.getByRole("heading", { name: "Service map" })).toBeVisible();
});

test("with a node chosen it fits and axe finds nothing", async ({ page }) => {
  await open(page, { sel: web(await read()).id });
  await expect(panel(page).getByText("As a filter")).toBeVisible();
  await checkAll(page, "map-node");
});
