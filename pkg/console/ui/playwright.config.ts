import { defineConfig } from "@playwright/test";
import { launchOptions } from "./e2e/chromium";

// The tests run in Debian's Chromium against `bragg up` with the demo's traffic;
// e2e/setup.ts starts it. CONSOLE_URL=http://127.0.0.1:2080 uses a running one.
export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/setup.ts",
  workers: 2,
  fullyParallel: true,
  timeout: 120_000, // axe takes its time on a machine that is busy
  expect: { timeout: 20_000 },
  forbidOnly: !!process.env.CI,
  reporter: [["line"]],
  outputDir: "test-results",
  use: {
    launchOptions,
    viewport: { width: 1440, height: 900 },
    timezoneId: "Europe/Berlin",
    permissions: ["clipboard-read", "clipboard-write"],
    trace: "off",
  },
});
