import { useCallback, useEffect, useRef } from "react";
import { useAllShortcuts } from "../state/shortcuts";
import { useOutside } from "./useOutside";

/** All keys that work on this page. */
export function Help({ close }: { close: () => void }) {
  const all = useAllShortcuts()();
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useOutside(box, true, useCallback(close, [close]));
  useEffect(() => button.current?.focus(), []);
  return (
    <div className="help" role="dialog" aria-label="Keys" ref={box}>
      <header>
        <h2>Keys</h2>
        <button ref={button} type="button" className="button" onClick={close}>
          Close
        </button>
      </header>
      <dl>
        {all.map((s) => (
          <div key={s.keys} style={{ display: "contents" }}>
            <dt>
              {s.keys.split(" ").map((k) => (
                <span key={k}>
                  <kbd>{k}</kbd>{" "}
                </span>
              ))}
            </dt>
            <dd>{s.help}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
