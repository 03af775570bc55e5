import { expect, test } from "@playwright/test";
import { startLocal, type Local } from "./local";
import { watch } from "./server";

// What pages say when there is nothing, or nobody answers: X-Ray Local of its own,
// with no traces, which ends while somebody looks.
const PAGES = ["map", "traces", "analytics", "compare", "backends"];

test("each page of an empty console teaches, and says when the server is gone", async ({ context }) => {
  const local: Local = await startLocal();
  try {
    const open = await Promise.all(
      PAGES.map(async (name) => {
        const page = await context.newPage();
        const errors = watch(page);
        await page.goto(`${local.url}/${name}`);
        await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
        await expect(page.getByLabel("send a trace with curl", { exact: true })).toBeVisible();
        expect(errors).toEqual([]);
        return page;
      }),
    );
    await local.stop();
    for (const page of open) {
      await page.keyboard.press("r");
      await expect(page.getByRole("alert").first()).toContainText("X-Ray Local does not answer");
      await expect(page.getByRole("alert").first()).toContainText("bragg up");
      await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
    }
  } finally {
    await local.stop();
  }
});
