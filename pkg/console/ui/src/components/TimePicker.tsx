import { useCallback, useRef, useState, type FormEvent } from "react";
import { dateTime, zone } from "../format";
import { RANGES, useTime } from "../state/time";
import { useUrl } from "../state/url";
import { useOutside } from "./useOutside";

/** "2026-11-28 14:05:09" in the chosen zone, as an ISO time; "" if it is none. */
function iso(text: string, utc: boolean): string {
  const ms = Date.parse(text.trim().replace(" ", "T") + (utc ? "Z" : ""));
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}

/** Chooses the time range and whether it follows the present. */
export function TimePicker() {
  const time = useTime();
  const { set } = useUrl();
  const [open, setOpen] = useState(false);
  const [wrong, setWrong] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useOutside(box, open, useCallback(() => setOpen(false), []));

  const label = time.range?.label ?? `${dateTime(time.from, time.utc, 0)} – ${dateTime(time.to, time.utc, 0)}`;
  const choose = (name: string) => {
    set({ range: name, from: null, to: null });
    time.refresh();
    setOpen(false);
  };
  const custom = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const from = iso(String(data.get("from")), time.utc);
    const to = iso(String(data.get("to")), time.utc);
    if (!from || !to) return setWrong("Write times as 2026-11-28 14:05:09");
    if (from >= to) return setWrong("The start must be before the end");
    setWrong("");
    set({ from, to, range: null, live: null });
    setOpen(false);
  };
  return (
    <div className="picker" ref={box}>
      <button
        type="button"
        className="button"
        aria-expanded={open}
        aria-haspopup="dialog"
        aria-label={`Time range: ${label}`}
        onClick={() => setOpen(!open)}
      >
        <span className="cut">{label}</span> <span aria-hidden="true">▾</span>
      </button>
      {open && (
        <div className="popup" role="dialog" aria-label="Time range">
          <div className="ranges">
            {RANGES.map((range) => (
              <button key={range.name} type="button" className="button plain" aria-pressed={range === time.range} onClick={() => choose(range.name)}>
                {range.label}
              </button>
            ))}
          </div>
          <form onSubmit={custom}>
            <label htmlFor="time-from">from</label>
            <input className="input" id="time-from" name="from" defaultValue={dateTime(time.from, time.utc, 0)} />
            <label htmlFor="time-to">to</label>
            <input className="input" id="time-to" name="to" defaultValue={dateTime(time.to, time.utc, 0)} />
            {wrong && (
              <p className="hint" role="alert">
                {wrong}
              </p>
            )}
            <button type="submit" className="button">
              Show this range ({zone(time.utc)})
            </button>
          </form>
        </div>
      )}
    </div>
  );
}
