// How numbers and times are written: as timeline.FormatDuration and FormatAge
// write them in Go, so that console and command line say the same.

function three(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  if (value >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}

const UNITS = [
  { name: "ms", seconds: 1e-3, limit: 999.5 },
  { name: "s", seconds: 1, limit: 999.5 },
  { name: "min", seconds: 60, limit: 99.95 },
  { name: "h", seconds: 3600, limit: 47.95 },
];

/** A duration in seconds with unit and three significant digits: "1.24 s", "86.0 ms", "412 µs". */
export function duration(seconds: number): string {
  const us = Math.round(Math.max(seconds, 0) * 1e6);
  if (us < 1000) return `${us} µs`;
  for (const unit of UNITS) {
    const value = us / 1e6 / unit.seconds;
    if (value < unit.limit) return `${three(value)} ${unit.name}`;
  }
  return `${three(us / 1e6 / 86400)} d`;
}

/** How long ago, in the largest unit: "5s", "12m", "3h", "2d". */
export function age(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m`;
  if (s < 86400) return `${Math.floor(s / 3600)}h`;
  return `${Math.floor(s / 86400)}d`;
}

/** A whole number with groups of three digits. */
export function count(n: number): string {
  // toLocaleString takes a tenth of a millisecond and more, and a map has a thousand numbers.
  return Number.isInteger(n) ? String(n).replace(/\B(?=(?:\d{3})+$)/g, ",") : n.toLocaleString("en-US");
}

/** A share from 0 to 1 as a percentage: "0%", "0.4%", "12.3%", "100%". */
export function percent(share: number): string {
  const p = share * 100;
  if (p === 0) return "0%";
  if (p < 0.1) return "<0.1%";
  if (p > 99.9 && p < 100) return ">99.9%";
  return `${p >= 99.95 ? "100" : p.toFixed(1).replace(/\.0$/, "")}%`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** A time, in seconds since the epoch, as "2026-11-28 14:05:09.123". */
export function dateTime(seconds: number, utc: boolean, digits: 0 | 3 = 3): string {
  const d = new Date(Math.round(seconds * 1000));
  const p = utc
    ? [d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(), d.getUTCMilliseconds()]
    : [d.getFullYear(), d.getMonth() + 1, d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds(), d.getMilliseconds()];
  const [year, month, day, hour, minute, second, ms] = p as [number, number, number, number, number, number, number];
  const text = `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
  return digits ? `${text}.${String(ms).padStart(3, "0")}` : text;
}

/** The time of day alone, "14:05:09". */
export function clock(seconds: number, utc: boolean): string {
  return dateTime(seconds, utc, 0).slice(11);
}

/** The name of the zone that dateTime writes in: "UTC", "UTC+02:00". */
export function zone(utc: boolean, at = new Date()): string {
  const minutes = utc ? 0 : -at.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const m = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(m / 60))}:${two(m % 60)}`;
}

/** The path and query of a URL; the text itself if it is none. */
export function pathOf(url: string): string {
  try {
    const u = new URL(url);
    return u.host ? u.pathname : url;
  } catch {
    return url;
  }
}

/** A text as a string of the filter language. */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** What of an expression is in no string, parentheses or block. */
function outside(expression: string): string {
  let text = expression.replace(/"(?:[^"\\]|\\.)*"/g, "");
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/\([^()]*\)|\{[^{}]*\}/g, "");
  }
  return text;
}

/** Two filter expressions that must both hold. */
export function and(a: string, b: string): string {
  if (!a.trim()) return b;
  if (!b.trim()) return a;
  const wrap = (e: string) => (/\bOR\b/i.test(outside(e)) ? `(${e})` : e);
  return `${wrap(a)} AND ${wrap(b)}`;
}
