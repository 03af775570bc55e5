import { expect, test } from "@playwright/test";
import { address, watch } from "./server";

test("keys go to pages, and ? shows them", async ({ page }) => {
  const errors = watch(page);
  await page.goto(address("/traces", { filter: "fault" }));
  await expect(page.getByLabel("Filter expression")).toHaveValue("fault");
  for (const [keys, path] of [["ga", "/analytics"], ["gm", "/map"], ["gb", "/backends"], ["gp", "/pipe"], ["gc", "/compare"], ["gt", "/traces"]] as const) {
    await page.keyboard.press(keys[0]!);
    await page.keyboard.press(keys[1]!);
    await expect(page).toHaveURL(new RegExp(`${path}\\?filter=fault`));
  }
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await expect(help.getByText("to the filter")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
  await page.goBack();
  await expect(page).toHaveURL(/\/compare/);
  expect(errors).toEqual([]);
});

test("the filter is completed, checked and kept", async ({ page }) => {
  await page.goto(address("/traces"));
  const input = page.getByLabel("Filter expression");
  await expect(input).toBeVisible();
  await page.keyboard.press("/");
  await expect(input).toBeFocused();

  await input.pressSequentially("serv");
  await expect(page.getByRole("option", { name: /service/ }).first()).toBeVisible();
  await input.press("Tab");
  await expect(input).toHaveValue("service(");
  await input.pressSequentially('"we');
  await page.getByRole("option", { name: /^web"/ }).click();
  await expect(input).toHaveValue('service("web"');
  await input.pressSequentially(") { fault }");
  await input.press("Enter");
  await expect(page).toHaveURL(/filter=service/);

  // History and groups.
  await page.getByRole("button", { name: /Groups/ }).click();
  const menu = page.getByRole("dialog", { name: "Groups and history" });
  await expect(menu.getByText('service("web") { fault }')).toBeVisible();
  await menu.getByLabel("Name of the group").fill("broken-web");
  await menu.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "broken-web", exact: false }).first()).toBeVisible();
  await menu.getByRole("button", { name: "Delete the group broken-web" }).click();
  await expect(menu.getByRole("button", { name: "Delete the group broken-web" })).toBeHidden();

  // An error keeps the page as it was and says where.
  await page.keyboard.press("Escape");
  await input.fill("respones > 1");
  await input.press("Enter");
  await expect(page.getByRole("alert")).toContainText("column 1");
  await expect(page.getByRole("alert")).toContainText("responsetime");
  await expect(page).toHaveURL(/filter=service/);
});

test("the time range is chosen, and is in the URL", async ({ page }) => {
  await page.goto(address("/traces"));
  await page.getByRole("button", { name: /Time range/ }).click();
  await page.getByRole("button", { name: "last 3 hours" }).click();
  await expect(page).toHaveURL(/range=3h/);
  await page.getByRole("button", { name: /Time range/ }).click();
  await page.getByLabel("from", { exact: true }).fill("2026-11-28 10:00:00");
  await page.getByLabel("to", { exact: true }).fill("2026-11-28 09:00:00");
  await page.getByRole("button", { name: /Show this range/ }).click();
  await expect(page.getByRole("alert")).toContainText("before the end");
  await page.getByLabel("to", { exact: true }).fill("2026-11-28 11:00:00");
  await page.getByRole("button", { name: /Show this range/ }).click();
  await expect(page).toHaveURL(/from=2026-11-28T10%3A00%3A00.000Z/);
  await page.reload();
  await expect(page.getByRole("button", { name: /Time range: 2026-11-28 10:00:00/ })).toBeVisible();
  await page.getByRole("button", { name: "live" }).click();
  await expect(page).toHaveURL(/live=1/);
  await expect(page).not.toHaveURL(/from=/);
});

test("the pipe, which shows the present, has no filter, and keeps it for the way back", async ({ page }) => {
  await page.goto(address("/traces", { filter: "fault", range: "3h" }));
  await page.getByRole("link", { name: "Pipe" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Pipe" })).toBeVisible();
  await expect(page.getByLabel("Filter expression")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /Time range/ })).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page.getByLabel("Filter expression")).toHaveValue("fault");
  await expect(page.getByRole("button", { name: "Time range: last 3 hours" })).toBeVisible();
});

test("the theme is chosen, and kept", async ({ page }) => {
  await page.goto(address("/traces"));
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await background();
  await page.getByRole("button", { name: /Theme: system/ }).click();
  await page.getByRole("button", { name: /Theme: light/ }).click();
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await expect.poll(background).not.toBe(light);
});
