// A static host for the tests: the headers that `handlens serve` sends, nothing else. Counts what was asked for.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
  ".json": "application/json", ".webmanifest": "application/manifest+json", ".wasm": "application/wasm",
  ".png": "image/png", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".webp": "image/webp", ".md": "text/markdown; charset=utf-8",
};

export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
  "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// `change(name, bytes)` may give other bytes for a file, or null for "not there".
export function serve(folder, change = (_name, bytes) => bytes) {
  const state = { requests: 0 };
  const server = http.createServer((request, response) => {
    ++state.requests;
    const name = decodeURIComponent(new URL(request.url, "http://host").pathname).replace(/^\//, "") || "index.html";
    const file = path.join(folder, name);
    const inside = file.startsWith(path.resolve(folder) + path.sep);
    const there = inside && fs.existsSync(file) && fs.statSync(file).isFile();
    const bytes = there ? change(name, fs.readFileSync(file)) : null;
    if (bytes === null) return response.writeHead(404).end();
    return response.writeHead(200, {
      "content-type": TYPES[path.extname(name)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    }).end(bytes);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({
    url: `http://localhost:${server.address().port}/`,
    state,
    close: () => new Promise((closed) => { server.closeAllConnections(); server.close(closed); }),
  })));
}
