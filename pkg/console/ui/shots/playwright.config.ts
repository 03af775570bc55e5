import { defineConfig } from "@playwright/test";
import { launchOptions } from "../e2e/chromium";

// make screenshots: the README's pictures, of the demo's traffic.
export default defineConfig({
  testDir: ".",
  testMatch: "shots.ts",
  globalSetup: "../e2e/setup.ts",
  workers: 1,
  timeout: 60_000,
  reporter: [["line"]],
  outputDir: "../test-results",
  use: {
    launchOptions,
    viewport: { width: 1280, height: 760 },
    timezoneId: "UTC",
  },
});
