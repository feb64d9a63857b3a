// Opens a packed web app in Chromium as a user would, and saves what it shares: the self-check, and a field test of four
// shots before a fake camera, without and with its photographs. Usage: node export.mjs APP OUT (in tests/web, whose packages it uses).
import fs from "node:fs";
import path from "node:path";
import { cameraFlags, checked, download, launch, open, until, writeFilm } from "../web/browser.mjs";
import { serve } from "../web/server.mjs";

const [app, out] = process.argv.slice(2);
fs.mkdirSync(out, { recursive: true });
const host = await serve(app);
const browser = await launch(cameraFlags(writeFilm((x, y) => [200, (x * 3) % 200, y % 160])));
try {
  const { page, faults } = await open(browser, host.url + "#check");
  await page.waitForSelector(".verdict.is-good");
  const check = await download(page, () => page.getByRole("button", { name: "Save result as JSON" }).click());
  fs.writeFileSync(path.join(out, "self-check.json"), check.text);
  await page.goto(host.url + "#field");
  await checked(page);
  await page.getByLabel("Device (model, system)").fill("Test phone");
  await page.getByLabel("Keep the photographs in the file").check();
  for (const [distance, shots] of [["fills", 3], ["quarter", 1]]) {
    await page.getByLabel("Distance").selectOption(distance);
    await page.getByLabel("Shots in this series").fill(String(shots));
    await page.getByRole("button", { name: "Start series" }).click();
    for (let k = 1; k <= shots; ++k) {
      await until(page, () => document.querySelector("video").videoWidth > 0);
      await page.getByRole("button", { name: `Take shot ${k} of ${shots}` }).click();
    }
    await until(page, () => /Series finished/.test(document.querySelector(".shot-result").textContent));
  }
  const field = await download(page, () => page.getByRole("button", { name: "Save as JSON" }).click());
  fs.writeFileSync(path.join(out, "field-test.json"), field.text);
  const photos = await download(page, () => page.getByRole("button", { name: "Share with 4 photographs" }).click());
  fs.mkdirSync(path.join(out, "photographs"), { recursive: true });
  fs.writeFileSync(path.join(out, "photographs/field-test.zip"), photos.bytes);
  if (faults.length > 0) throw new Error(faults.join("\n"));
} finally {
  await browser.close();
  await host.close();
}
