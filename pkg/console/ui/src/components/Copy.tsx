import { useEffect, useState, type ReactNode } from "react";

/** Copies a text; says so for two seconds. The text may be made on demand. */
export function Copy({
  text,
  children = "Copy",
  className = "button",
  label,
}: {
  text: string | (() => string | Promise<string>);
  children?: ReactNode;
  className?: string;
  label?: string;
}) {
  const [state, setState] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  return (
    <button type="button" className={className} onClick={copy} aria-label={label}>
      {state === "copied" ? "Copied" : state === "failed" ? "The browser refused" : children}
      <span className="hidden" role="status">
        {state}
      </span>
    </button>
  );
}

/** Lines to paste into a terminal, with a button that copies them. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div className="snippet">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Copy text={text} className="button plain" label={`Copy: ${label}`} />
    </div>
  );
}
