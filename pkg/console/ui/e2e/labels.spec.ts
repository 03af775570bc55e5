import { expect, test, type Page } from "@playwright/test";
import { plantFleet } from "./fleet";
import { startLocal, type Local } from "./local";
import { address, WIDTHS } from "./server";

// What is written on the service map can be read, from 3 nodes to 200 and on any
// screen: no text is on another, on a node, or beyond the drawing.

const FLEETS = { tiny: 2, some: 39, many: 199 }; // services; clients come on top

let local: Local;
let url = "";

// A server of its own: a map shows all that arrived.
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  local = await startLocal();
  url = local.url;
  const now = Math.floor(Date.now() / 1000) - 30;
  for (const [fleet, n] of Object.entries(FLEETS)) await plantFleet(url, fleet, n, now);
});
test.afterAll(async () => {
  await local.stop();
});

interface Found {
  texts: number;
  wrong: string[];
}

/** Measures all texts of the drawing against each other, the nodes and the drawing. */
function measure(page: Page): Promise<Found> {
  return page.locator(".map-svg").evaluate((svg) => {
    interface Box {
      what: string;
      left: number;
      right: number;
      top: number;
      bottom: number;
    }
    // The box of a text has room for accents above and below what is drawn.
    const ink = (e: Element): Box => {
      const { left, right, top, bottom, height } = e.getBoundingClientRect();
      return { what: e.textContent ?? "", left, right, top: top + height * 0.16, bottom: bottom - height * 0.1 };
    };
    const texts = [...svg.querySelectorAll("text")].map(ink);
    const nodes = [...svg.querySelectorAll(".map-disc, .map-mark")].map((e): Box => {
      const r = e.getBoundingClientRect();
      return { what: `node ${e.closest("[data-node]")!.getAttribute("data-node")}`, left: r.left, right: r.right, top: r.top, bottom: r.bottom };
    });
    const over = (a: Box, b: Box) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
    const wrong: string[] = [];
    texts.forEach((a, i) => {
      for (const b of [...texts.slice(i + 1), ...nodes]) if (over(a, b)) wrong.push(`"${a.what}" on "${b.what}"`);
    });
    const all = svg.getBoundingClientRect();
    // A map that is too large to be read is seen in part.
    const whole = new DOMMatrix(getComputedStyle(svg.querySelector("g")!).transform).a > 0.37 || nodes.length < 25;
    // An outline goes on below what is seen.
    const high = svg.querySelector("g")!.getBoundingClientRect().height > all.height;
    for (const a of texts) if (whole && (a.left < all.left - 0.5 || a.right > all.right + 0.5 || (!high && (a.top < all.top - 0.5 || a.bottom > all.bottom + 0.5)))) wrong.push(`"${a.what}" beyond the drawing`);
    return { texts: texts.length, wrong: wrong.slice(0, 8) };
  });
}

async function readable(page: Page, nodes: number, names: (width: number) => number) {
  await expect(page.locator("[data-node]").nth(nodes - 1)).toBeAttached();
  await expect(page.locator(".map-svg > g")).toHaveAttribute("transform", /scale/);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await expect(async () => expect(await measure(page), `${width} pixels`).toMatchObject({ wrong: [] })).toPass({ timeout: 5000 });
    const written = await page.locator(".map-name").count();
    expect(written, `names at ${width} pixels`).toBeGreaterThanOrEqual(names(width));
  }
}

test("the demo's map can be read at all widths", async ({ page }) => {
  await page.goto(address("/map", { filter: 'service("web")' }));
  await readable(page, 10, () => 10);
});

for (const [fleet, n] of Object.entries(FLEETS)) {
  test(`a map of ${n + 1} nodes can be read at all widths`, async ({ page }) => {
    await page.goto(`${url}/map?range=1h&filter=${encodeURIComponent(`annotation.fleet = "${fleet}"`)}`);
    await readable(page, n, (width) => (width >= 1440 ? n * 0.9 : n * 0.6));
  });
}

test("on a phone, names are whole, or cut at their ends", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const fleet of Object.keys(FLEETS)) {
    await page.goto(`${url}/map?range=1h&filter=${encodeURIComponent(`annotation.fleet = "${fleet}"`)}`);
    const nodes = page.locator("[data-node]");
    await expect(nodes).toHaveCount(FLEETS[fleet as keyof typeof FLEETS] + 1);
    const told = await nodes.evaluateAll((all) => all.map((n) => ({ name: n.querySelector(".map-name")?.textContent ?? "", all: n.getAttribute("aria-label")!.replace(/^clients of .*/, "clients") })));
    for (const { name, all } of told) {
      expect(name.replace(/…$/, "").length, name).toBeGreaterThanOrEqual(Math.min(name.length, 12));
      expect(all.startsWith(name.replace(/…$/, "")), `${name} of ${all}`).toBe(true);
    }
    if (fleet === "tiny") expect(told.every(({ name }) => !name.endsWith("…"))).toBe(true);
  }
});

test("a name that has no room is told in full when one points at it, or goes there by keys", async ({ page }) => {
  await page.goto(`${url}/map?range=1h&filter=${encodeURIComponent('annotation.fleet = "some"')}`);
  const node = page.locator('[data-node^="document-archive-of-the-year-some4|"]');
  const told = page.locator(".map-tip").getByText("document-archive-of-the-year-some4", { exact: true });
  await expect(node).toBeAttached();
  await node.focus();
  await expect(told).toBeVisible();
  await node.blur();
  await expect(told).toBeHidden();
  await node.hover();
  await expect(told).toBeVisible();
});
