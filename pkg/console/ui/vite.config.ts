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
  },
  server: {
    // `npm run dev` beside a running `bragg up`.
    proxy: { "/console": { target: process.env.BRAGG_CONSOLE ?? "http://127.0.0.1:2080", changeOrigin: true } },
  },
});
