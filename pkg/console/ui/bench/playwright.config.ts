import { defineConfig } from "@playwright/test";
import { launchOptions } from "../e2e/chromium";

// make bench-console: measures, one thing at a time, in a window of its own.
export default defineConfig({
  testDir: ".",
  testMatch: "bench.ts",
  workers: 1,
  timeout: 30 * 60_000,
  reporter: [["./reporter.ts"]],
  outputDir: "../test-results",
  use: {
    launchOptions,
    viewport: { width: 1440, height: 900 },
  },
});
