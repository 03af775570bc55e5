import { useCallback, useRef, useState, type FormEvent } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { endpoint, Problem, send, useApi } from "../api/client";
import { recent } from "../state/history";
import { useOutside } from "./useOutside";

export interface Group {
  name: string;
  arn: string;
  filter: string;
}

/** Saved groups, and expressions that were used lately; the current one can be saved. */
export function FilterMenu({ filter, pick }: { filter: string; pick: (expression: string) => void }) {
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState<Problem | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const queries = useQueryClient();
  useOutside(box, open, useCallback(() => setOpen(false), []));
  const groups = useApi<Group[]>("groups");
  const current = groups.data?.find((g) => g.filter && g.filter === filter);

  const change = async (what: Promise<Group[]>) => {
    try {
      queries.setQueryData(["groups", endpoint("groups")], await what);
      setFailed(null);
    } catch (error) {
      setFailed(error instanceof Problem ? error : new Problem("That did not work", String(error), 0));
    }
  };
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    if (name) void change(send<Group[]>("POST", endpoint("groups"), { name, filter }));
  };
  const choose = (expression: string) => {
    setOpen(false);
    pick(expression);
  };
  return (
    <div ref={box}>
      <button type="button" className="button" aria-expanded={open} aria-haspopup="dialog" onClick={() => setOpen(!open)}>
        <span className="cut">{current ? current.name : "Groups"}</span> <span aria-hidden="true">▾</span>
      </button>
      {open && (
        <div className="popup menu" role="dialog" aria-label="Groups and history">
          {filter && !current && (
            <form className="option save" onSubmit={save}>
              <label className="hidden" htmlFor="group-name">
                Name of the group
              </label>
              <input className="input" id="group-name" name="name" placeholder="name" maxLength={32} required />
              <button type="submit" className="button">
                Save the filter as a group
              </button>
            </form>
          )}
          {failed && (
            <p className="option mark fault" role="alert">
              {failed.message}
            </p>
          )}
          <h2>Groups</h2>
          {groups.data && groups.data.filter((g) => g.filter).length === 0 && <p>A filter that is saved as a group stands here, and for X-Ray's API as well.</p>}
          <ul>
            {groups.data
              ?.filter((g) => g.filter)
              .map((g) => (
                <li key={g.arn}>
                  <button type="button" className="option" onClick={() => choose(g.filter)}>
                    <span>{g.name}</span> <code className="dim">{g.filter}</code>
                  </button>
                  <button
                    type="button"
                    className="button plain"
                    aria-label={`Delete the group ${g.name}`}
                    onClick={() => void change(send<Group[]>("DELETE", endpoint("groups", { name: g.name })))}
                  >
                    Delete
                  </button>
                </li>
              ))}
          </ul>
          <h2>Used lately</h2>
          {recent().length === 0 && <p>Expressions that you apply are kept in this browser.</p>}
          <ul>
            {recent().map((expression) => (
              <li key={expression}>
                <button type="button" className="option" onClick={() => choose(expression)}>
                  <code>{expression}</code>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
