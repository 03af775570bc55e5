import { endpoint, type Params } from "./api/endpoint";
import { question as map } from "./pages/map/question";
import { screenNow } from "./pages/map/screen";
import { question as traces } from "./pages/traces/question";
import { rangeOf } from "./state/range";

// What the first page shows is asked for before its scripts are there: pages.go
// names this small file first in the document.

/** When the document was opened, in milliseconds since the epoch: a range that ends now ends then. */
export const opened = Date.now();

const answers = new Map<string, Promise<Response>>();

function ask(path: string, params: Params = {}): void {
  const url = endpoint(path, params);
  const answer = fetch(url);
  answer.catch(() => undefined); // who takes it says so
  answers.set(url, answer);
}

/** The answer that was asked for ahead, once. */
export function asked(url: string): Promise<Response> | undefined {
  const answer = answers.get(url);
  answers.delete(url);
  return answer;
}

/** A part of a path, as the router decodes it: what is no UTF-8 stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const [, page = "", id = ""] = location.pathname.split("/");
const params = new URLSearchParams(location.search);
const time = rangeOf(params, opened);
if (page === "map" || page === "") ask("map", map(params, time, screenNow()));
if (page === "traces") ask("traces", traces(params, time));
if (page === "trace" && id) ask(`trace/${encodeURIComponent(decoded(id))}`);
ask("frame");
