import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

export interface Shortcut {
  /** A key as KeyboardEvent.key has it, or two with a space between, to be typed one after the other. */
  keys: string;
  help: string;
  run: (event: KeyboardEvent) => void;
}

interface Registry {
  add: (list: { current: Shortcut[] }) => () => void;
  all: () => Shortcut[];
}

const Context = createContext<Registry | null>(null);

/** How long the second key of a pair may take, in milliseconds. */
const PAIR = 1200;

function typing(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

export function ShortcutsProvider({ children }: { children: ReactNode }) {
  const [lists] = useState(() => new Set<{ current: Shortcut[] }>());
  const registry = useMemo<Registry>(
    () => ({
      add: (list) => {
        lists.add(list);
        return () => lists.delete(list);
      },
      all: () => [...lists].flatMap((list) => list.current),
    }),
    [lists],
  );
  useEffect(() => {
    let first = "";
    let at = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
      const all = registry.all();
      const pair = first && event.timeStamp - at < PAIR ? `${first} ${event.key}` : "";
      first = "";
      const hit = all.find((s) => s.keys === pair) ?? all.findLast((s) => s.keys === event.key);
      if (hit) {
        event.preventDefault();
        hit.run(event);
      } else if (all.some((s) => s.keys.startsWith(event.key + " "))) {
        first = event.key;
        at = event.timeStamp;
      }
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [registry]);
  return <Context value={registry}>{children}</Context>;
}

/** Adds keys while the component is there; `?` lists them. Not while somebody types. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const registry = useContext(Context);
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => registry?.add(latest), [registry]);
}

export function useAllShortcuts(): () => Shortcut[] {
  const registry = useContext(Context);
  return () => registry?.all() ?? [];
}
