import { useId, useRef, useState, type KeyboardEvent } from "react";
import { OutcomeMark } from "../../components/Outcome";
import { useShortcuts } from "../../state/shortcuts";
import { KindIcon } from "./icons";
import { nameOf, type NodeName } from "./types";

const MOST = 12;

/** Whether a node's name or type has a text. */
export function has(node: NodeName, text: string): boolean {
  const t = text.toLowerCase();
  return node.name.toLowerCase().includes(t) || node.type.toLowerCase().includes(t);
}

/** Finds nodes by name or type. */
export function Search({ nodes, text, change, choose }: { nodes: NodeName[]; text: string; change: (text: string) => void; choose: (id: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const list = useId();
  const hits = text ? nodes.filter((n) => has(n, text)) : [];
  const shown = hits.slice(0, MOST);
  useShortcuts([{ keys: "s", help: "search for a service", run: () => input.current?.focus() }]);

  const pick = (node: NodeName | undefined) => {
    if (!node) return;
    choose(node.id);
    setOpen(false);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      setActive((active + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % (shown.length || 1));
    } else if (event.key === "Enter") {
      pick(shown[active]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open && text) setOpen(false);
      else change("");
    }
  };
  const visible = open && text !== "";
  return (
    <div className="map-search">
      <input
        ref={input}
        className="input"
        type="search"
        role="combobox"
        placeholder="Search (s)"
        aria-label="Search for a service"
        aria-expanded={visible}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={visible && shown[active] ? `${list}-${active}` : undefined}
        value={text}
        onChange={(event) => {
          change(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onKeyDown={key}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
      />
      <div className="popup" hidden={!visible}>
        <ul role="listbox" id={list} aria-label="Services found">
          {shown.map((n, i) => (
            <li key={n.id} id={`${list}-${i}`} role="option" aria-selected={i === active} className="option" onPointerDown={(event) => event.preventDefault()} onClick={() => pick(n)}>
              <OutcomeMark outcome={n.outcome} bare />
              <KindIcon kind={n.kind} />
              <span className="cut">{nameOf(n)}</span>
            </li>
          ))}
        </ul>
        {visible && <p className="dim">{hits.length === 0 ? "Nothing has this in its name or type." : hits.length > MOST ? `and ${hits.length - MOST} more` : ""}</p>}
      </div>
    </div>
  );
}
