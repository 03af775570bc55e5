import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** Says what is going on, and at the end the figures, for scripts to read. */
export default class Figures implements Reporter {
  private readonly lines: string[] = [];

  onTestEnd(test: TestCase, result: TestResult) {
    for (const a of result.annotations) if (a.type === "figure") this.lines.push(`figure ${a.description}`);
    if (result.status !== "passed") console.log(`${test.title}: ${result.status}\n${result.error?.stack ?? ""}`);
  }

  onStdOut(chunk: string | Buffer) {
    process.stdout.write(chunk);
  }

  onEnd() {
    console.log(this.lines.join("\n"));
  }
}
