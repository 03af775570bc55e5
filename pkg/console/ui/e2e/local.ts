import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The program that `make build` builds. */
export const BRAGG = join(import.meta.dirname, "../../../../bin/bragg");

/** An X-Ray Local. */
export interface Local {
  url: string;
  stop: () => Promise<void>;
}

/** Starts an X-Ray Local of its own, with nothing in it, and returns when it takes calls. */
export async function startLocal(): Promise<Local> {
  const dir = mkdtempSync(join(tmpdir(), "bragg-local-"));
  const server = spawn(BRAGG, ["local", "--data", dir, "--listen", "127.0.0.1:0", "--daemon", "off"], { stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    server.stderr?.on("data", (chunk: Buffer) => {
      text += String(chunk);
      const at = /(http:\/\/[\d.:]+)\//.exec(text);
      if (at) resolve(at[1]!);
    });
    server.once("exit", () => reject(new Error(`bragg local ended: ${text}`)));
  });
  const ended = new Promise((done) => server.once("exit", done));
  const stop = async () => {
    server.kill("SIGINT");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  return { url, stop };
}
