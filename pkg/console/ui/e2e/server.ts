import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import { PLANTED, traceId, type Planted } from "./plant";

/** Where the console is, without a slash at the end. */
export const consoleUrl = () => process.env.CONSOLE_URL ?? "";

/** The id of a trace of plant.ts. */
export const planted = (name: Planted) => traceId(Number(process.env.PLANTED_AT), PLANTED[name]);

/** A page's address: the time range is the last hour, in UTC, unless told otherwise. */
export function address(path: string, params: Record<string, string> = {}): string {
  return `${consoleUrl()}${path}?${new URLSearchParams({ range: "1h", tz: "utc", ...params })}`;
}

/** What the API answers that a page asks. */
export async function api<T>(path: string, params: Record<string, string | number> = {}): Promise<T> {
  const query = new URLSearchParams(Object.entries(params).map(([k, v]) => [k, String(v)]));
  const response = await fetch(`${consoleUrl()}/console/api/${path}?${query}`);
  expect(response.ok, `${path}: ${response.status}`).toBeTruthy();
  return (await response.json()) as T;
}

export const WIDTHS = [390, 768, 1440, 2560];
export const THEMES = ["light", "dark"] as const;

/** Fails if the page as it is now is wider than the window. */
async function checkWidth(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over, `pixels beyond a window of ${page.viewportSize()!.width}`).toBeLessThanOrEqual(0);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
interface Axe {
  run(context: Document, options: object): Promise<{ violations: { id: string; help: string; nodes: { target: unknown[] }[] }[] }>;
}

/**
 * Fails if axe finds a violation on the page as it is now. It is put into the page
 * once: the integration for Playwright does so each time and opens a second page,
 * for frames, which the console has none of.
 */
export async function checkAxe(page: Page): Promise<void> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 5).join(", ")}`);
  });
  expect(violations, `axe at ${page.viewportSize()!.width}`).toEqual([]);
}

/**
 * The page as it is now, in both themes, in a window of each width: it fits, axe
 * finds nothing. With SHOTS=directory, that gets a picture of each.
 */
export async function checkAll(page: Page, name: string): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await checkWidth(page);
      await checkAxe(page);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}-${theme}-${width}.png` });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Fails the test if the page throws, breaks its policy or logs an error. */
export function watch(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("dialog", (dialog) => {
    errors.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return errors;
}
