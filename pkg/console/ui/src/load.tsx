import { lazy, useState, type ComponentType } from "react";

// Each page is a chunk of its own: pages.go knows their paths too, and names a
// page's chunk in the document so that it comes together with the frame's.
const chunks = {
  map: () => import("./pages/map"),
  traces: () => import("./pages/traces"),
  trace: () => import("./pages/trace"),
  analytics: () => import("./pages/analytics"),
  compare: () => import("./pages/compare"),
  backends: () => import("./pages/backends"),
  pipe: () => import("./pages/pipe"),
};
type Name = keyof typeof chunks;

/** The pages that are there. */
const there: Partial<Record<Name, ComponentType>> = {};

async function load(name: Name): Promise<{ default: ComponentType }> {
  const page = await chunks[name]();
  there[name] = page.default;
  return page;
}

/**
 * A page as a component. One that is there is drawn at once: for one that is not,
 * React shows that it loads, and for 300 ms at least, however soon it comes.
 */
export function page(name: Name): ComponentType {
  const Later = lazy(() => load(name));
  return function Page() {
    const [Now] = useState<ComponentType>(() => there[name] ?? Later);
    return <Now />;
  };
}

/** How long the first page may take to come before the frame is drawn without it, in milliseconds. */
const PATIENCE = 200;

/** Resolves when the page of a path is there, or patience ends. */
export function loaded(path: string): Promise<unknown> {
  const name = path.split("/")[1] || "map";
  if (!(name in chunks)) return Promise.resolve();
  const page = load(name as Name).catch(() => undefined); // what is wrong is said when it is drawn
  return Promise.race([page, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
}
