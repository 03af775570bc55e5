import { expect, test } from "@playwright/test";
import { put, traceId } from "./plant";
import { address, consoleUrl } from "./server";

const TRACES = 2300;
/** Of another week than what other tests look at. */
const at = () => Number(process.env.PLANTED_AT) - 10 * 86_400;

test.beforeAll(async () => {
  await put(
    consoleUrl(),
    Array.from({ length: TRACES }, (_, i) => ({
      trace_id: traceId(at(), `c${i.toString(16).padStart(23, "0")}`),
      id: (0xc0000000 + i).toString(16).padStart(16, "0"),
      name: "long",
      start_time: at() + i / 100,
      end_time: at() + i / 100 + 0.1,
      http: { request: { method: "GET", url: `http://long/${i}` }, response: { status: 200 } },
    })),
  );
});

test("the list goes on as one scrolls, and on demand", async ({ page }) => {
  const range = { range: "", from: new Date((at() - 1) * 1000).toISOString(), to: new Date((at() + 100) * 1000).toISOString() };
  await page.goto(address("/traces", range));
  const grid = page.getByRole("grid", { name: "Traces" });
  const status = page.locator(".traces-bar-top").getByRole("status");
  await expect(grid).toHaveAttribute("aria-rowcount", "1001");
  await expect(status).toHaveText("the newest 1,000 of 2,300 traces");

  await page.getByRole("button", { name: "Read more" }).click();
  await expect(grid).toHaveAttribute("aria-rowcount", "2001");
  await expect(status).toHaveText("the newest 2,000 of 2,300 traces");
  await expect(grid.getByRole("row").nth(1)).toContainText("GET /2299"); // what one reads has not moved

  await grid.focus();
  await page.keyboard.press("End");
  await expect(grid).toHaveAttribute("aria-rowcount", String(TRACES + 1));
  await expect(status).toHaveText(`${TRACES.toLocaleString("en")} traces`);
  await page.keyboard.press("End");
  await expect(grid.getByRole("row").last()).toContainText("GET /0");
  await expect(page.getByRole("button", { name: "Read more" })).toHaveCount(0);
});
