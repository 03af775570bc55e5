export type Outcome = "ok" | "error" | "throttle" | "fault" | "progress" | "inferred";

/** The word of each outcome; its colour is the token of its name, its shape below. */
export const WORDS: Record<Outcome, string> = {
  ok: "ok",
  error: "error",
  throttle: "throttle",
  fault: "fault",
  progress: "in progress",
  inferred: "inferred",
};

const SHAPES: Record<Outcome, React.ReactNode> = {
  ok: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="2" />,
  error: <path d="M6 1 11.5 11H.5z" fill="currentColor" />,
  throttle: <path d="M2 1h3v10H2zM7 1h3v10H7z" fill="currentColor" />,
  fault: <path d="M6 0 12 6 6 12 0 6z" fill="currentColor" />,
  progress: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="2.1" />,
  inferred: <path d="M1 4 4 1M1 9 9 1M3 11 11 3M8 11 11 8" stroke="currentColor" strokeWidth="1.5" />,
};

/** The shape alone, to be drawn in an SVG of 12 by 12 in the colour of currentColor. */
export function OutcomeShape({ outcome }: { outcome: Outcome }) {
  return SHAPES[outcome];
}

/** The mark of an outcome: colour, shape and word. With bare, the word is for screen readers alone: use it in columns whose rows say the word elsewhere or that are narrow. */
export function OutcomeMark({ outcome, bare = false }: { outcome: Outcome; bare?: boolean }) {
  return (
    <span className={`mark ${outcome}`} title={bare ? WORDS[outcome] : undefined}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[outcome]}
      </svg>
      <span className={bare ? "hidden" : undefined}>{WORDS[outcome]}</span>
    </span>
  );
}
