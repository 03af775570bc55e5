import { useCallback, useEffect, useId, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from "react";
import { flushSync } from "react-dom";
import { endpoint, request, type Problem } from "../api/client";
import { remember } from "../state/history";
import { useTime } from "../state/time";
import { useUrl } from "../state/url";
import { FilterMenu } from "./FilterMenu";

interface Completion {
  text: string;
  role: string;
  help?: string;
}

interface Completions {
  from: number;
  items: Completion[];
  /** The cursor is in a string. */
  open: boolean;
  error?: Problem;
}

export interface FilterHandle {
  focus: () => void;
}

/** How long after a key completions are asked for, in milliseconds. */
const PAUSE = 60;

/** The filter expression of all pages: `filter` of the URL. Enter applies it. */
export function FilterBar({ ref }: { ref?: Ref<FilterHandle> }) {
  const { params, set } = useUrl();
  const time = useTime();
  const applied = params.get("filter") ?? "";
  const [draft, setDraft] = useState(applied);
  const [cursor, setCursor] = useState(applied.length);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [found, setFound] = useState<(Completions & { of: string; at: number }) | null>(null);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [scrolled, setScrolled] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();

  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }), []);

  // The URL is what holds: back, forward and the pages' links change it.
  useEffect(() => {
    setDraft(applied);
    setOpen(false);
    setRefused(null);
  }, [applied]);

  const range = useRef({ from: time.from, to: time.to });
  range.current = { from: time.from, to: time.to };
  const ask = useCallback(
    (filter: string, at: number, signal?: AbortSignal) =>
      request<Completions>(endpoint("complete", { filter, cursor: String(at), ...range.current }), signal ? { signal } : {}),
    [],
  );
  useEffect(() => {
    if (!open) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      ask(draft, cursor, stop.signal).then(
        (answer) => {
          setFound({ ...answer, of: draft, at: cursor });
          setActive(-1);
        },
        () => undefined, // no completions; applying will say what is wrong
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [open, draft, cursor, ask]);

  // A shared link may hold an expression that is wrong.
  useEffect(() => {
    if (!applied) return;
    const stop = new AbortController();
    ask(applied, applied.length, stop.signal).then((answer) => setRefused(answer.error ?? null), () => undefined);
    return () => stop.abort();
  }, [applied, ask]);

  const items = open ? (found?.items ?? []) : [];
  const apply = async (expression: string) => {
    const text = expression.trim();
    setOpen(false);
    if (text) {
      const answer = await ask(text, text.length).catch(() => null);
      if (answer?.error) {
        setRefused(answer.error);
        return;
      }
      remember(text);
    }
    setRefused(null);
    setDraft(text);
    set({ filter: text });
  };
  const take = (item: Completion, from = found?.from ?? cursor) => {
    const space = item.role === "operator" || /[a-z]$/i.test(item.text) ? " " : "";
    const next = draft.slice(0, from) + item.text + space + draft.slice(cursor);
    const at = from + item.text.length + space.length;
    // At once: the next key must find the text and the cursor where they now are.
    flushSync(() => {
      setDraft(next);
      setCursor(at);
      setFound(null);
    });
    input.current?.focus();
    input.current?.setSelectionRange(at, at);
  };
  /** Takes the first completion of what stands there now, not of what the list is still about. */
  const takeFirst = async () => {
    const now = found?.of === draft && found.at === cursor ? found : await ask(draft, cursor).catch(() => null);
    if (now?.items[0] && input.current?.value === draft) take(now.items[0], now.from);
  };
  const key = (event: KeyboardEvent<HTMLInputElement>) => {
    const choice = items[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else if (items.length) {
        const by = event.key === "ArrowDown" ? 1 : -1;
        setActive((active + by + items.length + (active < 0 && by < 0 ? 1 : 0)) % items.length);
      }
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (choice) take(choice);
      else void apply(draft);
    } else if (event.key === "Tab" && open && items.length && !event.shiftKey) {
      event.preventDefault();
      if (choice) take(choice);
      else void takeFirst();
    } else if (event.key === "Escape") {
      if (open) setOpen(false);
      else if (draft !== applied) setDraft(applied);
      else input.current?.blur();
    }
  };
  // What is not finished yet is not wrong while somebody types.
  const wrong = found?.error && !found.open && found.items.length === 0 && found.error.length ? found.error : null;
  const error = open ? wrong : refused;
  useEffect(() => {
    document.getElementById(`${list}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [list, active]);

  return (
    <div className="filter" role="search">
      <label className="label" htmlFor={`${list}-input`}>
        filter
      </label>
      <div className="field">
        <input
          ref={input}
          id={`${list}-input`}
          aria-label="Filter expression"
          role="combobox"
          aria-expanded={items.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 && items[active] ? `${list}-${active}` : undefined}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${list}-error` : undefined}
          placeholder='every trace; such as  service("web") { fault } AND responsetime > 1'
          autoComplete="off"
          spellCheck={false}
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value);
            setCursor(event.target.selectionStart ?? event.target.value.length);
            setRefused(null);
            setOpen(true);
          }}
          onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
          onScroll={(event) => setScrolled(event.currentTarget.scrollLeft)}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={key}
        />
        {error && error.column > 0 && (
          <span className="squiggle" aria-hidden="true">
            <i style={{ left: `calc(${error.column - 1}ch - ${scrolled}px)`, width: `${Math.max(error.length, 1)}ch` }} />
          </span>
        )}
        {error && (
          <p className="message" id={`${list}-error`} role="alert">
            column {error.column}: {error.detail}
          </p>
        )}
        <ul id={list} role="listbox" aria-label="Completions" className="popup" hidden={!items.length || !!error}>
          {items.map((item, i) => (
            <li
              key={`${item.role} ${item.text}`}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === active}
              className="option"
              onPointerDown={(event) => {
                event.preventDefault();
                take(item);
              }}
            >
              <code>{item.text}</code>
              <span className="dim">{item.help || item.role}</span>
            </li>
          ))}
        </ul>
      </div>
      {draft && (
        <button type="button" className="button plain" onClick={() => void apply("")}>
          Clear
        </button>
      )}
      <FilterMenu filter={applied} pick={(expression) => void apply(expression)} />
    </div>
  );
}
