import { expect, test, type Locator, type Page } from "@playwright/test";
import { address, checkAll, planted, watch } from "./server";

// Every page, in both themes, at each width: it draws, fits, and axe finds
// nothing. What a page does is tested in a file of its own.
const PAGES: { name: string; path: () => string; heading: RegExp; ready?: (page: Page) => Locator }[] = [
  { name: "map", path: () => address("/map", { filter: 'service("web")' }), heading: /map/i, ready: (page) => page.getByRole("group", { name: "Service map" }) },
  { name: "traces", path: () => address("/traces"), heading: /traces/i, ready: (page) => page.getByRole("grid").getByRole("row") },
  { name: "trace", path: () => address(`/trace/${planted("odd")}`), heading: /orders/i, ready: (page) => page.getByRole("treegrid").getByRole("row") },
  { name: "analytics", path: () => address("/analytics", { b: "responsetime > 0.5" }), heading: /./, ready: (page) => page.getByRole("region", { name: "Findings" }) },
  { name: "choose two", path: () => address("/compare"), heading: /compare/i, ready: (page) => page.getByRole("heading", { name: /Choose two/ }) },
  { name: "compare", path: () => address("/compare", { a: planted("linked"), b: planted("odd") }), heading: /compare/i, ready: (page) => page.getByRole("grid").getByRole("row") },
  { name: "backends", path: () => address("/backends"), heading: /./, ready: (page) => page.getByRole("table").getByRole("row") },
  { name: "pipe", path: () => address("/pipe"), heading: /pipe/i, ready: (page) => page.getByRole("region", { name: /Sampling/ }) },
  { name: "no such page", path: () => address("/nowhere"), heading: /no such page/i },
];

for (const { name, path, heading, ready } of PAGES) {
  test(`${name} fits all widths in both themes, without violations`, async ({ page }) => {
    const errors = watch(page);
    await page.goto(path());
    await expect(page.getByRole("heading", { level: 1, name: heading }).first()).toBeVisible();
    if (ready) await expect(ready(page).first()).toBeVisible();
    await expect(page.getByText(/^Reading .* …$/)).toHaveCount(0);
    await checkAll(page, name.replaceAll(" ", "-"));
    expect(errors.filter((e) => !/404/.test(e))).toEqual([]);
  });
}
