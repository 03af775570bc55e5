import type { CDPSession, Page } from "@playwright/test";

export interface Frames {
  /** Milliseconds. */
  longestTask: number;
  /** The same in processor time, which other programs on the machine do not lengthen. */
  longestTaskCpu: number;
  /** Scripting, style and layout of a frame: the 95th percentile, in milliseconds. */
  p95: number;
  /** The same in processor time. */
  p95Cpu: number;
  perSecond: number;
  count: number;
}

interface Event {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  tdur?: number;
  pid: number;
  tid: number;
  args?: { name?: string; data?: { isOutermostMainFrame?: boolean; isMainFrame?: boolean } };
}

/** What counts as scripting and layout, as the timeline of Chromium's DevTools names it. */
const WORK = new Set([
  "FunctionCall", "EvaluateScript", "v8.run", "FireAnimationFrame", "EventDispatch", "TimerFire", "RunMicrotasks", "V8.GC_MC_BACKGROUND_MARKING",
  "MinorGC", "MajorGC", "UpdateLayoutTree", "Layout", "IntersectionObserverController::computeIntersections", "HitTest",
]);

/** Runs something and reads from Chromium's own trace what the page's main thread did. */
export async function frames(page: Page, run: () => Promise<void>): Promise<Frames> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const events: Event[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as Event[])));
  const done = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.start", { transferMode: "ReportEvents", categories: "toplevel,devtools.timeline,disabled-by-default-devtools.timeline,v8,blink.user_timing,__metadata" });
  await page.evaluate(() => performance.mark("bench-begin"));
  await run();
  await page.evaluate(() => performance.mark("bench-end"));
  await session.send("Tracing.end");
  await done;
  await session.detach();
  return evaluate(events);
}

function evaluate(events: Event[]): Frames {
  const begin = events.find((e) => e.name === "bench-begin")!;
  const end = events.find((e) => e.name === "bench-end")!;
  const mine = events
    .filter((e) => e.pid === begin.pid && e.tid === begin.tid && e.ts >= begin.ts && e.ts <= end.ts)
    .sort((a, b) => a.ts - b.ts);
  const tasks = mine.filter((e) => e.ph === "X" && (e.name === "RunTask" || e.name === "ThreadControllerImpl::RunTask"));
  const longest = (of: "dur" | "tdur") => tasks.reduce((most, e) => Math.max(most, (e[of] ?? 0) / 1000), 0);

  // The scroll asks for an animation frame in each frame; others in the same frame are near.
  const starts: number[] = [];
  for (const e of mine) if (e.name === "FireAnimationFrame" && e.ts - (starts.at(-1) ?? 0) > 4000) starts.push(e.ts);
  const p95 = (of: "dur" | "tdur") => {
    const work = new Array<number>(starts.length).fill(0);
    let until = 0; // what lies within something that was counted is not counted again
    let frame = -1;
    for (const e of mine) {
      if (e.ph !== "X" || !WORK.has(e.name) || e.ts < until) continue;
      while (frame + 1 < starts.length && starts[frame + 1]! <= e.ts) frame++;
      if (frame >= 0) work[frame]! += (e[of] ?? 0) / 1000;
      until = e.ts + (e.dur ?? 0);
    }
    work.sort((a, b) => a - b);
    return work[Math.min(Math.floor(work.length * 0.95), work.length - 1)] ?? 0;
  };
  return {
    longestTask: longest("dur"),
    longestTaskCpu: longest("tdur"),
    p95: p95("dur"),
    p95Cpu: p95("tdur"),
    perSecond: starts.length / ((end.ts - begin.ts) / 1e6),
    count: starts.length,
  };
}
