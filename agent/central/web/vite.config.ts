import { defineConfig } from "vite";

/** The centre while developing: `npm run dev` passes /api on to it. */
const centre = "http://127.0.0.1:8080";

export default defineConfig({
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // a strict Content-Security-Policy has no room for data: addresses and inline preload scripts
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": { target: centre, ws: true } } },
});
