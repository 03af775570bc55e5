import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BRAGG } from "./local";
import { plant } from "./plant";

const REQUESTS = 200;

/**
 * Starts everything of `bragg up` on free ports, sends the demo's requests and
 * waits until they arrived, and puts the traces of plant.ts beside. After it,
 * nothing arrives but what a test sends. Tests read where it is from
 * process.env: see server.ts.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env.CONSOLE_URL) {
    await plant(process.env.CONSOLE_URL);
    return async () => undefined;
  }
  const dir = mkdtempSync(join(tmpdir(), "bragg-console-"));
  const once = spawnSync(BRAGG, ["up", "--once", "--requests", String(REQUESTS), "--free-ports", "--data", dir], { encoding: "utf8" });
  if (once.error || once.status !== 0) throw new Error(`bragg up --once failed (run make build first): ${once.error ?? once.stderr + once.stdout}`);

  const server = spawn(BRAGG, ["up", "--rate", "0", "--free-ports", "--data", dir], { stdio: ["ignore", "ignore", "pipe"] });
  const lines = await started(server);
  const find = (what: RegExp) => what.exec(lines)?.[1] ?? "";
  process.env.CONSOLE_URL = find(/X-Ray Local\s+(http:\/\/\S+)/).replace(/\/$/, "");
  process.env.SINK_URL = find(/New Relic sink\s+(http:\/\/\S+)/).replace(/\/$/, "");
  process.env.DEMO_URL = `http://${find(/(127\.0\.0\.1:\d+)\s+web\b/)}`;
  await plant(process.env.CONSOLE_URL);
  return async () => {
    server.kill("SIGINT");
    await new Promise((done) => server.once("exit", done));
    rmSync(dir, { recursive: true, force: true });
  };
}

/** What the server has printed once it takes requests. */
function started(server: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`bragg up did not start in 60 s:\n${text}`)), 60_000);
    server.stderr?.on("data", (chunk: Buffer) => {
      text += String(chunk);
      if (/web\b[\s\S]*\n\n|Ctrl-C/.test(text)) {
        clearTimeout(late);
        resolve(text);
      }
    });
    server.once("exit", (code) => reject(new Error(`bragg up ended with ${code}:\n${text}`)));
  });
}
