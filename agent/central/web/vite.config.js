import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

/** The centre while developing: `npm run dev` passes /api on to it. */
const centre = "http://127.0.0.1:8080";

/** Files that are served as they lie here, and are part of the frame. */
const PLAIN = ["theme.js", "favicon.svg"];

/** What the first load needs, and every language; the map and its like come only with a centre. */
function frameFiles(bundle) {
  const chunks = Object.values(bundle).filter(({ type }) => type === "chunk");
  const entry = chunks.find(({ isEntry }) => isEntry);
  const styles = Object.keys(bundle).filter((name) => /^assets\/index-.*\.css$/.test(name));
  const languages = chunks.filter(({ facadeModuleId }) => /\/text\/\w\w\/index\.ts$/.test(facadeModuleId ?? "")).map(({ fileName }) => fileName);
  return [entry.fileName, ...entry.imports, ...styles, ...languages];
}

/** `sw.js` with the files that the frame needs without a centre; any change of them makes it another worker. */
const offlineFrame = () => ({
  name: "offline-frame",
  apply: "build",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const files = ["/", ...[...PLAIN, ...frameFiles(bundle)].map((name) => `/${name}`)];
      const source = readFileSync("sw.js", "utf8");
      const digest = createHash("sha256").update(files.join()).update(source);
      for (const name of ["index.html", ...PLAIN.map((plain) => `public/${plain}`)]) digest.update(readFileSync(name));
      const filled = source.replace("__VERSION__", digest.digest("hex").slice(0, 12)).replace("__FILES__", JSON.stringify(files));
      this.emitFile({ type: "asset", fileName: "sw.js", source: filled });
    },
  },
});

export default defineConfig({
  plugins: [offlineFrame()],
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
