import { useSyncExternalStore } from "react";

/** Up to these widths in pixels, a screen is narrow, or medium. */
const NARROW = 560;
const MEDIUM = 900;

/** What a screen is for map.go; null if it is wide. */
export function screenNow(): "narrow" | "medium" | null {
  return window.innerWidth <= NARROW ? "narrow" : window.innerWidth <= MEDIUM ? "medium" : null;
}

function watch(changed: () => void): () => void {
  window.addEventListener("resize", changed);
  return () => window.removeEventListener("resize", changed);
}

/** screenNow, as it changes. */
export const useScreen = () => useSyncExternalStore(watch, screenNow);
