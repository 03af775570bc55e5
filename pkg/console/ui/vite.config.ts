import { defineConfig } from "vite";
import react from "@vitejs/plugin-react";

// The pages are served by X-Ray Local from one binary, under a policy that lets
// them load their own files alone: nothing is inlined into the document.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    manifest: true,
    // Few files: a browser loads six at a time from a server without TLS.
    cssCodeSplit: false,
    rolldownOptions: {
      input: { index: "index.html", ahead: "src/ahead.ts" },
      output: {
        codeSplitting: {
          groups: [
            { name: "ahead", test: /src\/(ahead|api\/endpoint|state\/range|pages\/\w+\/question)\.ts$/, priority: 2 },
            { name: "frame", test: /rolldown.runtime|src\/(App|load)|src\/(components|api|state|styles|format)|node_modules\/(react|react-dom|scheduler|wouter|regexparam|use-sync-external-store|@tanstack\/(query-core|react-query))\//, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    // `npm run dev` beside a running `bragg up`.
    proxy: { "/console": { target: process.env.BRAGG_CONSOLE ?? "http://127.0.0.1:2080", changeOrigin: true } },
  },
});
