import { expect, test, type Page } from "@playwright/test";
import { startLocal, type Local } from "../e2e/local";
import { large, put, traceId, type Document } from "../e2e/plant";
import { frames } from "./frames";

const TRACES = process.env.BENCH === "full" ? 1_000_000 : 20_000;
const SEGMENTS = 50_000;
const SERVICES = 200;

let local: Local;
let url = "";
const ids = { segments: "", subsegments: "" };

const hex = (n: number, digits = 16) => n.toString(16).padStart(digits, "0");
const figure = (name: string, value: number, unit: string) =>
  test.info().annotations.push({ type: "figure", description: `${name} ${value < 10 ? value.toFixed(2) : value.toFixed(0)} ${unit}` });

test.beforeAll(async () => {
  local = await startLocal();
  url = local.url;
  const now = Math.floor(Date.now() / 1000);
  await fill(now);
  ids.subsegments = traceId(now - 60, "e".repeat(24));
  await put(url, large(ids.subsegments, now - 60, SEGMENTS));
  ids.segments = traceId(now - 60, "f".repeat(24));
  await put(url, separate(ids.segments, now - 60));
  await put(url, services(now - 30));
});

test.afterAll(async () => {
  await local.stop();
});

/** Traces of one segment and two subsegments, over the last day. */
async function fill(now: number): Promise<void> {
  const begun = Date.now();
  const one = (i: number): Document => {
    const t = now - 120 - (i / TRACES) * 80_000;
    const status = i % 50 === 0 ? 500 : i % 20 === 0 ? 404 : 200;
    const took = 0.02 + ((i * 7919) % 1000) / 2000;
    return {
      trace_id: traceId(t, hex(i, 24)),
      id: hex(i + 1),
      name: `service-${i % 12}`,
      start_time: t,
      end_time: t + took,
      user: `user-${i % 40}`,
      ...(status === 500 ? { fault: true } : status === 404 ? { error: true } : {}),
      http: { request: { method: "GET", url: `http://shop.example.com/items/${i % 30}` }, response: { status } },
      annotations: { plan: i % 3 ? "free" : "gold" },
      subsegments: [
        { id: hex(0x10000000 + 2 * i), name: "DynamoDB", namespace: "aws", start_time: t, end_time: t + took / 2, aws: { operation: "GetItem", table_name: "items" } },
        { id: hex(0x10000001 + 2 * i), name: "render", start_time: t + took / 2, end_time: t + took },
      ],
    };
  };
  const lanes = 8;
  const batch = 1000;
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < TRACES) {
        const from = next;
        next += batch;
        await put(url, Array.from({ length: Math.min(batch, TRACES - from) }, (_, i) => one(from + i)));
        if (from % 100_000 === 0 && from) console.log(`  stored ${from} traces in ${Math.round((Date.now() - begun) / 1000)} s`);
      }
    }),
  );
  console.log(`stored ${TRACES} traces in ${Math.round((Date.now() - begun) / 1000)} s`);
}

/** One trace of 50,000 segments, each called by another. */
function separate(trace_id: string, t: number): Document[] {
  return Array.from({ length: SEGMENTS }, (_, i) => ({
    trace_id,
    id: hex(0xd0000000 + i),
    ...(i ? { parent_id: hex(0xd0000000 + ((i - 1) >> 3)) } : {}),
    name: `service-${i % 40}`,
    start_time: t + (i / SEGMENTS) * 5,
    end_time: t + 5 + (i / SEGMENTS) * 5,
    ...(i % 97 === 5 ? { fault: true } : {}),
  }));
}

/** Traces through 200 services in six tiers. */
function services(t: number): Document[] {
  const documents: Document[] = [];
  for (let i = 1; i < SERVICES; i++) {
    const trace_id = traceId(t, hex(0xabc000 + i, 24));
    const chain = [0, 1 + (i % 20), 21 + (i % 60), i].filter((n, k, all) => all.indexOf(n) === k);
    chain.forEach((n, k) => {
      const id = hex(0xe0000000 + i * 100 + k);
      documents.push({
        trace_id,
        id,
        ...(k ? { parent_id: hex(0xe8000000 + i * 100 + k - 1) } : {}),
        name: `node-${n}`,
        start_time: t + k * 0.01,
        end_time: t + 0.2 - k * 0.01,
        ...(k < chain.length - 1
          ? { subsegments: [{ id: hex(0xe8000000 + i * 100 + k), name: `node-${chain[k + 1]}`, namespace: "remote", start_time: t + k * 0.01, end_time: t + 0.2 - k * 0.01 }] }
          : {}),
      });
    });
  }
  return documents;
}

/** How long it takes from the navigation to the frame that shows a selector's nth element, in milliseconds. */
async function shownAfter(page: Page, address: string, selector: string, least = 1): Promise<number> {
  await page.addInitScript(
    ([wanted, n]) => {
      const look = () => {
        if (document.querySelectorAll(wanted as string).length >= (n as number)) {
          // The frame after the one that draws it has begun: it was drawn.
          requestAnimationFrame(() => ((window as unknown as { shownAt: number }).shownAt = performance.now()));
        } else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    },
    [selector, least] as const,
  );
  await page.goto(address);
  const at = await page.waitForFunction(() => (window as unknown as { shownAt?: number }).shownAt, undefined, { timeout: 60_000 });
  return (await at.jsonValue())!;
}

/** The median of three first views, each in a context of its own. */
async function median(page: Page, run: (page: Page) => Promise<number>): Promise<number> {
  const times = [];
  for (let i = 0; i < 3; i++) {
    const context = await page.context().browser()!.newContext({ viewport: page.viewportSize() });
    times.push(await run(await context.newPage()));
    await context.close();
  }
  return times.sort((a, b) => a - b)[1]!;
}

test("the list of traces", async ({ page }) => {
  const row = '[role="grid"] [role="row"][aria-selected]';
  for (const range of ["15m", "1d"]) {
    const ms = await median(page, (p) => shownAfter(p, `${url}/traces?range=${range}`, row, 10));
    console.log(`first view of the list of ${range}, ${TRACES} traces stored: ${ms.toFixed(0)} ms`);
    figure(range === "1d" ? "list_first_view" : `list_first_view_${range}`, ms, "ms");
  }
  figure("list_traces_stored", TRACES, "traces");
  await page.goto(`${url}/traces?range=1d`);
  await page.locator(row).first().waitFor();
  const begun = Date.now();
  await page.getByText(/^Of all /).waitFor({ timeout: 60_000 });
  figure("list_all_counted", Date.now() - begun, "ms");
});

for (const kind of ["segments", "subsegments"] as const) {
  test(`a trace of 50,000 ${kind}`, async ({ page }) => {
    const row = '[role="treegrid"] [role="row"][aria-level]';
    const end = kind === "segments" ? "" : "_subsegments";
    const address = `${url}/trace/${ids[kind]}?repeats=0`;
    const ms = await median(page, (p) => shownAfter(p, address, row, 10));
    console.log(`a trace of ${SEGMENTS} ${kind} opens in ${ms.toFixed(0)} ms`);
    figure(`trace_open${end}`, ms, "ms");

    await page.goto(address);
    const grid = page.getByRole("treegrid");
    await expect(grid.getByRole("row").nth(5)).toBeVisible();
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    figure(`trace_dom_nodes${end}`, nodes, "nodes");
    await page.waitForTimeout(1000); // what opening it left to do is not the scroll's

    const seen = await frames(page, () =>
      grid.evaluate(
        (element) =>
          new Promise<void>((resolve) => {
            const begun = performance.now();
            const step = (now: number) => {
              const t = now - begun;
              if (t > 10_000) return resolve();
              // Down and up again at 6,000 px a second, with a jump each second.
              const jump = Math.floor(t / 1000) * 80_000;
              element.scrollTop = jump + ((t % 1000) / 1000) * 6000;
              requestAnimationFrame(step);
            };
            requestAnimationFrame(step);
          }),
      ),
    );
    const most = await page.evaluate(() => document.querySelectorAll("*").length);
    console.log(
      `10 s of scrolling: ${seen.count} frames, ${seen.perSecond.toFixed(1)} a second; longest task ${seen.longestTask.toFixed(1)} ms (${seen.longestTaskCpu.toFixed(1)} of the processor); scripting and layout p95 ${seen.p95.toFixed(2)} ms a frame (${seen.p95Cpu.toFixed(2)}); ${Math.max(nodes, most)} DOM nodes`,
    );
    figure(`trace_scroll_longest_task${end}`, seen.longestTask, "ms");
    figure(`trace_scroll_script_layout_p95${end}`, seen.p95, "ms");
    figure(`trace_scroll_longest_task_cpu${end}`, seen.longestTaskCpu, "ms");
    figure(`trace_scroll_script_layout_p95_cpu${end}`, seen.p95Cpu, "ms");
    figure(`trace_scroll_frames${end}`, seen.perSecond, "per_second");
  });
}

test("the map of 200 services", async ({ page }) => {
  const ms = await median(page, (p) => shownAfter(p, `${url}/map?range=15m&filter=${encodeURIComponent('service("node-0")')}`, "[data-node]", SERVICES));
  console.log(`the map of ${SERVICES} services is drawn after ${ms.toFixed(0)} ms`);
  figure("map_200_nodes", ms, "ms");
});
