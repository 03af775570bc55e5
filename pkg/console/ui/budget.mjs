// Fails if the first page needs more JavaScript than the budget: what the entry
// imports, and the largest page besides, gzipped.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 300 * 1024;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const size = (file) => gzipSync(readFileSync(`dist/${file}`)).length;

function closure(key, seen = new Set()) {
  if (!seen.has(key)) {
    seen.add(key);
    for (const next of manifest[key].imports ?? []) closure(next, seen);
  }
  return seen;
}
const bytes = (keys) => [...keys].reduce((sum, key) => sum + size(manifest[key].file), 0);

const entry = closure("index.html");
let worst = { name: "no page", bytes: bytes(entry) };
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry) continue;
  const all = bytes(new Set([...entry, ...closure(key)]));
  if (all > worst.bytes) worst = { name: key, bytes: all };
}
const kb = (n) => (n / 1024).toFixed(1);
console.log(`first page: ${kb(worst.bytes)} KB of JavaScript gzipped (${worst.name}; ${kb(bytes(entry))} KB without a page; budget ${kb(BUDGET)} KB)`);
if (process.argv.includes("--figure")) console.log(`figure js_first_page ${kb(worst.bytes)} KB`);
if (worst.bytes > BUDGET) {
  console.error("the first page is over its budget of JavaScript");
  process.exit(1);
}
