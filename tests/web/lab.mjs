// What the tests of the web app share: packed samples, hosts and pages that are closed after a test, however it ends.
import fs from "node:fs";
import path from "node:path";
import { launch, open } from "./browser.mjs";
import { serve } from "./server.mjs";

export const PACKS = process.env.PACKS;
export const SCREENSHOTS = process.env.SCREENSHOTS;

export const pack = (name) => path.join(PACKS, name);
export const readJson = (name, file) => JSON.parse(fs.readFileSync(path.join(pack(name), "bundle", file), "utf8"));

export async function shoot(page, name) {
  if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

export async function hosted(t, ...parts) {
  const host = await serve(...parts);
  t.after(() => host.close());
  return host;
}
export async function opened(t, ...parts) {
  const app = await open(...parts);
  t.after(() => app.close().catch(() => undefined)); // its browser may be closed already
  return app;
}
export async function withCamera(t, flags) {
  const camera = await launch(flags);
  t.after(() => camera.close());
  return camera;
}

// Changes app.json on its way to the browser.
export const editApp = (edit) => (name, bytes) => {
  if (name !== "bundle/app.json") return bytes;
  const app = JSON.parse(bytes.toString("utf8"));
  edit(app);
  return Buffer.from(JSON.stringify(app));
};
