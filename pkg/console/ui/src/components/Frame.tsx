import { useCallback, useRef, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { useQueryClient } from "@tanstack/react-query";
import { useApi } from "../api/client";
import { zone } from "../format";
import { useShortcuts } from "../state/shortcuts";
import { useTheme, type Theme } from "../state/theme";
import { useTime } from "../state/time";
import { useUrl } from "../state/url";
import { FilterBar, type FilterHandle } from "./FilterBar";
import { Help } from "./Help";
import { TimePicker } from "./TimePicker";

const PAGES = [
  { path: "/map", name: "Map", key: "m" },
  { path: "/traces", name: "Traces", key: "t" },
  { path: "/analytics", name: "Analytics", key: "a" },
  { path: "/compare", name: "Compare", key: "c" },
  { path: "/backends", name: "Backends", key: "b" },
  { path: "/pipe", name: "Pipe", key: "p" },
];

/** Pages that show the present, and no traces: what selects these stays in the URL, for the way back. */
const OF_NOW = ["/pipe"];

const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const THEME_SIGN: Record<Theme, string> = { system: "◐", light: "○", dark: "●" };

export interface FrameInfo {
  notice: string;
  version: string;
  region: string;
  sink: boolean;
  metrics: boolean;
}

/** What the server is and knows. */
export function useFrameInfo(): FrameInfo | undefined {
  return useApi<FrameInfo>("frame", {}, { every: 30_000 }).data;
}

export function Frame({ children }: { children: ReactNode }) {
  const url = useUrl();
  const time = useTime();
  const info = useFrameInfo();
  const queries = useQueryClient();
  const [theme, setTheme] = useTheme();
  const [help, setHelp] = useState(false);
  const filter = useRef<FilterHandle>(null);
  const closeHelp = useCallback(() => setHelp(false), []);
  const selects = !OF_NOW.includes(url.path);

  // A range that ends now ends later, and so is asked for; all else is read as it was.
  const again = () => {
    time.refresh();
    void queries.refetchQueries({ type: "active", predicate: (query) => !time.range || !/[?&]to=/.test(String(query.queryKey[1])) });
  };

  useShortcuts([
    ...(selects ? [{ keys: "/", help: "to the filter", run: () => filter.current?.focus() }] : []),
    ...PAGES.map((p) => ({ keys: `g ${p.key}`, help: `to ${p.name}`, run: () => url.go(p.path) })),
    { keys: ".", help: "copy a link to what is shown", run: () => void navigator.clipboard.writeText(window.location.href) },
    { keys: "r", help: "read again", run: again },
    { keys: "?", help: "show the keys", run: () => setHelp(!help) },
  ]);

  const onPage = (path: string) => url.path === path || (path === "/traces" && url.path.startsWith("/trace/"));
  return (
    <div className="frame">
      <a className="button primary skip" href="#main">
        To the page
      </a>
      <header className="top">
        <Link className="brand" href={url.href("/map")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 13 8 3l6 10M5 13l3-5 3 5" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" strokeLinecap="round" />
          </svg>
          Bragg
        </Link>
        <nav aria-label="Pages">
          <ul>
            {PAGES.map((page) => (
              <li key={page.path}>
                <Link href={url.href(page.path)} aria-current={onPage(page.path) ? "page" : undefined}>
                  {page.name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="controls">
          {selects && (
            <>
              <TimePicker />
              <button
                type="button"
                className="button live"
                aria-pressed={time.live}
                title="Follow what arrives"
                onClick={() => url.set(time.live ? { live: null } : { live: true, from: null, to: null })}
              >
                live
              </button>
            </>
          )}
          {info && <span className="region wide">{info.region}/local</span>}
          <button
            type="button"
            className="button plain wide"
            title={time.utc ? "Times are in UTC: show local time" : "Times are local: show UTC"}
            onClick={() => url.set({ tz: time.utc ? null : "utc" }, { replace: true })}
          >
            {time.utc ? "UTC" : `local${zone(false) === "UTC" ? "" : ` ${zone(false)}`}`}
          </button>
          <button
            type="button"
            className="button plain"
            aria-label={`Theme: ${theme}. Change to ${NEXT_THEME[theme]}`}
            title={`Theme: ${theme}`}
            onClick={() => setTheme(NEXT_THEME[theme])}
          >
            <span aria-hidden="true">{THEME_SIGN[theme]}</span>
          </button>
          <button type="button" className="button plain" aria-label="Keys" title="Keys (?)" aria-expanded={help} onClick={() => setHelp(!help)}>
            ?
          </button>
        </div>
      </header>
      {selects && <FilterBar ref={filter} />}
      {info?.notice && (
        <p className="notice" role="status">
          {info.notice}
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      {help && <Help close={closeHelp} />}
    </div>
  );
}
