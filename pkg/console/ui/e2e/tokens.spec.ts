import { expect, test, type Page } from "@playwright/test";
import { address, THEMES } from "./server";

/** The colours of tokens as they are drawn, from 0 to 255. */
function colours(page: Page, tokens: string[]): Promise<Record<string, number[]>> {
  return page.evaluate((names) => {
    const probe = document.body.appendChild(document.createElement("i"));
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    const out: Record<string, number[]> = {};
    for (const name of names) {
      probe.style.color = `var(--${name})`;
      pen.fillStyle = getComputedStyle(probe).color;
      pen.fillRect(0, 0, 1, 1);
      out[name] = [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }
    probe.remove();
    return out;
  }, tokens);
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: number[], b: number[]): number {
  const light = (rgb: number[]) => {
    const [r, g, bl] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p) as [number, number];
  return (x + 0.05) / (y + 0.05);
}

const GROUNDS = ["bg", "surface", "raised", "hover", "selected"];
const TEXTS = ["text", "text-2", "accent", "ok", "error", "throttle", "fault", "progress"];
const MARKS = ["line-strong", ...Array.from({ length: 16 }, (_, i) => `service-${i}`)];

for (const theme of THEMES) {
  test(`text and marks stand out in ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(address("/traces"));
    await expect(page.getByRole("grid")).toBeVisible();
    const c = await colours(page, [...GROUNDS, ...TEXTS, ...MARKS, "on-accent"]);
    const weak: string[] = [];
    const check = (front: string, ground: string, least: number) => {
      const ratio = contrast(c[front]!, c[ground]!);
      if (ratio < least) weak.push(`${front} on ${ground}: ${ratio.toFixed(2)}, want ${least}`);
    };
    for (const ground of GROUNDS) for (const text of TEXTS) check(text, ground, 4.5);
    for (const ground of ["bg", "surface"]) for (const mark of MARKS) check(mark, ground, 3);
    check("on-accent", "accent", 4.5);
    expect(weak).toEqual([]);
  });
}
