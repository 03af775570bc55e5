import { expect, test } from "@playwright/test";
import { address, checkAxe, checkWidth, planted, THEMES, watch, WIDTHS } from "./server";

// Every page, in both themes, at each width: it draws, fits, and axe finds
// nothing. What a page does is tested in a file of its own.
const PAGES: { name: string; path: () => string; heading: RegExp }[] = [
  { name: "map", path: () => address("/map"), heading: /map/i },
  { name: "traces", path: () => address("/traces"), heading: /traces/i },
  { name: "trace", path: () => address(`/trace/${planted("odd")}`), heading: /trace|orders/i },
  { name: "analytics", path: () => address("/analytics"), heading: /./ },
  { name: "compare", path: () => address("/compare"), heading: /compare/i },
  { name: "backends", path: () => address("/backends"), heading: /./ },
  { name: "pipe", path: () => address("/pipe"), heading: /pipe/i },
  { name: "no such page", path: () => address("/nowhere"), heading: /no such page/i },
];

for (const { name, path, heading } of PAGES) {
  for (const theme of THEMES) {
    test(`${name} in ${theme} fits all widths, without violations`, async ({ page }) => {
      const errors = watch(page);
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto(path());
      await expect(page.getByRole("heading", { level: 1, name: heading }).first()).toBeVisible();
      await page.waitForLoadState("networkidle");
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await checkWidth(page);
        if (width === 390 || width === 1440) await checkAxe(page);
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}-${theme}-${width}.png` });
      }
      expect(errors.filter((e) => !/404/.test(e))).toEqual([]);
    });
  }
}
