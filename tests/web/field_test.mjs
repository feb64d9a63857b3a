// Claims about the web app's field test and its photographs, and about "Why?", proven in Chromium. Run by run.sh.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { cameraFlags, checked, download, launch, until, writeFilm } from "./browser.mjs";
import { SCREENSHOTS, editApp, hosted, opened, pack, readJson, shoot, withCamera } from "./lab.mjs";

// The rows of a CSV without quoted fields.
const rowsOf = (csv) => csv.trim().split("\r\n").map((line) => line.split(","));

let browser;
before(async () => {
  if (SCREENSHOTS) fs.mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launch();
});
after(() => browser?.close());

test("the field test takes series of shots, survives a reload, exports JSON and CSV", async (t) => {
  const camera = await withCamera(t, cameraFlags(writeFilm(() => [200, 30, 40])));
  const host = await hosted(t, pack("uint8"));
  const app = await opened(t, camera, host.url + "#field");
  await checked(app.page);
  const series = async (label, background, shots) => {
    await app.page.getByLabel("True class").selectOption(label);
    await app.page.getByLabel("Distance").selectOption("half");
    await app.page.getByLabel("Background").selectOption(background);
    await app.page.getByLabel("Shots in this series").fill(String(shots));
    await app.page.getByRole("button", { name: "Start series" }).click();
    for (let k = 1; k <= shots; ++k) {
      await until(app.page, () => document.querySelector("video").videoWidth > 0);
      await app.page.getByRole("button", { name: `Take shot ${k} of ${shots}` }).click();
      if (k === 1 && shots > 1) {
        await app.page.getByRole("button", { name: "Undo last shot" }).click();
        await app.page.getByRole("button", { name: `Take shot 1 of ${shots}` }).click();
      }
    }
    await until(app.page, () => /Series finished/.test(document.querySelector(".shot-result").textContent));
  };
  await series("red", "plain", 3);
  await series("green", "busy", 1);
  assert.match(await app.page.textContent(".tally-line"), /^3 of 4 right: 75/);
  await app.page.reload();
  await app.page.waitForSelector(".tally-line");
  assert.match(await app.page.textContent(".tally-line"), /^3 of 4 right/);
  await shoot(app.page, "field-1200");
  const json = await download(app.page, () => app.page.getByRole("button", { name: "Save as JSON" }).click());
  assert.equal(json.name, "colours-field-test.json");
  const record = JSON.parse(json.text);
  assert.equal(record.format, "handlens-phone");
  assert.equal(record.version, 1);
  assert.equal(record.app.model_sha256, readJson("uint8", "app.json").model_sha256);
  assert.equal(record.self_check, undefined);
  const { shots } = record.field_test;
  assert.deepEqual(shots.map((shot) => [shot.series, shot.label, shot.predicted, shot.background, shot.distance]),
    [[1, "red", "red", "plain", "half"], [1, "red", "red", "plain", "half"], [1, "red", "red", "plain", "half"], [2, "green", "red", "busy", "half"]]);
  assert.ok(Math.abs(shots[0].scores[0] - 200 / 255) <= 2.01 / 255);
  const csv = await download(app.page, () => app.page.getByRole("button", { name: "Save as CSV" }).click());
  assert.equal(rowsOf(csv.text).length, 5);
  app.page.once("dialog", (dialog) => dialog.accept());
  await app.page.getByRole("button", { name: "Delete all shots" }).click();
  await app.page.waitForSelector("text=No shots yet.");
  assert.deepEqual(app.faults, []);
});

// The chunks of a PNG, the markers of a JPEG before its first scan.
function partsOf(bytes) {
  const parts = [];
  if (bytes[0] === 0x89) {
    for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) parts.push(bytes.toString("latin1", at + 4, at + 8));
    return parts;
  }
  for (let at = 2; bytes[at + 1] !== 0xda; at += 2 + bytes.readUInt16BE(at + 2)) parts.push(bytes[at + 1].toString(16));
  return parts;
}

test("the field test keeps its photographs when it is asked to, and shares them as one zip file", async (t) => {
  const camera = await withCamera(t, cameraFlags(writeFilm((x) => [x < 320 ? 200 : 180, 30, 40])));
  const host = await hosted(t, pack("uint8"));
  const app = await opened(t, camera, host.url + "#field");
  await checked(app.page);
  const { page } = app;
  const keep = page.getByLabel("Keep the photographs in the file");
  assert.equal(await keep.isChecked(), false); // only the user turns it on
  const shots = async (count, undo) => {
    await page.getByLabel("True class").selectOption("red");
    await page.getByLabel("Shots in this series").fill(String(count));
    await page.getByRole("button", { name: "Start series" }).click();
    for (let k = 1; k <= count; ++k) {
      await until(page, () => document.querySelector("video").videoWidth > 0);
      await page.getByRole("button", { name: `Take shot ${k} of ${count}` }).click();
      await page.waitForSelector(k < count ? `text=Take shot ${k + 1} of ${count}` : "text=Series finished");
      if (undo && k === 1) {
        await page.getByRole("button", { name: "Undo last shot" }).click();
        await page.getByRole("button", { name: `Take shot 1 of ${count}` }).click();
        await page.waitForSelector(`text=Take shot 2 of ${count}`);
      }
    }
  };
  await shots(1, false);
  await page.waitForSelector(".tally-line");
  assert.equal(await page.getByRole("button", { name: /photograph/ }).count(), 0);
  await keep.check();
  await shots(3, true);
  await page.reload(); // nothing is lost
  await page.waitForSelector("text=Share with 3 photographs");
  assert.equal(await keep.isChecked(), true);
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot(page, "field-photographs-390");
  const file = await download(page, () => page.getByRole("button", { name: "Share with 3 photographs" }).click());
  assert.equal(file.name, "colours-field-test.zip");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "handlens-field-"));
  fs.writeFileSync(path.join(folder, "field.zip"), file.bytes);
  execFileSync("unzip", ["-q", "field.zip"], { cwd: folder });
  const read = (name) => fs.readFileSync(path.join(folder, name));
  assert.deepEqual(fs.readdirSync(folder).sort(), ["field.zip", "record.json", "seen", "whole"]);
  assert.deepEqual(fs.readdirSync(path.join(folder, "seen")), ["001.png", "002.png", "003.png"]);
  assert.deepEqual(fs.readdirSync(path.join(folder, "whole")), ["001.jpg", "002.jpg", "003.jpg"]);
  const record = JSON.parse(read("record.json").toString("utf8"));
  assert.deepEqual(record.field_test.shots.map((shot) => shot.picture), [undefined, 1, 2, 3]);
  for (const name of ["001", "002", "003"]) {
    const seen = read(`seen/${name}.png`), whole = read(`whole/${name}.jpg`);
    assert.deepEqual([...new Set(partsOf(seen))].filter((part) => !["IHDR", "IDAT", "IEND", "sRGB", "gAMA", "cHRM"].includes(part)), []);
    // No EXIF, XMP, comment; Chromium adds sRGB's own colour profile.
    assert.deepEqual(partsOf(whole).filter((part) => !["e0", "e2", "db", "c0", "c2", "c4", "dd"].includes(part)), []);
    if (partsOf(whole).includes("e2")) assert.ok(whole.includes("ICC_PROFILE"));
    const size = readJson("uint8", "app.json").preprocess.size_px;
    assert.deepEqual([seen.readUInt32BE(16), seen.readUInt32BE(20)], [size, size]);
    const sizes = await page.evaluate(async (bytes) => {
      const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/jpeg" }));
      return [picture.width, picture.height];
    }, [...whole]);
    assert.deepEqual(sizes, [640, 480]); // the frame, not only the square
  }
  // The record alone names no photographs.
  const alone = await download(page, () => page.getByRole("button", { name: "Save as JSON" }).click());
  assert.ok(JSON.parse(alone.text).field_test.shots.every((shot) => shot.picture === undefined));
  // Full: the shot counts, the photograph is not kept, and that is said.
  await page.evaluate((key) => {
    const stored = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify([...stored, ...Array.from({ length: 197 }, (_, i) => ({ ...stored[1], picture: 100 + i }))]));
  }, `handlens:field:${readJson("uint8", "app.json").model_sha256}`);
  await page.reload();
  await page.waitForSelector("text=Share with 200 photographs");
  await shots(1, false);
  assert.match(await page.textContent(".problem"), /the file is full with 200/);
  app.page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Delete all shots" }).click();
  await page.waitForSelector("text=No shots yet.");
  await until(page, () => new Promise((done) => {
    const opening = indexedDB.open("handlens-field", 1);
    opening.onsuccess = () => {
      const counting = opening.result.transaction("photographs").objectStore("photographs").count();
      counting.onsuccess = () => done(counting.result === 0);
    };
  }));
  assert.deepEqual(app.faults, []);
});

for (const name of ["two", "uint8"]) {
  test(`"Why?" draws the program's map of a picture of "${name}", and can be stopped`, async (t) => {
    // Random weights answer much alike whatever is covered: a lower bound, so that something is coloured.
    const leastDrop = name === "two" ? 0.001 : 0.02;
    const host = await hosted(t, pack(name), editApp((app) => { app.why.least_drop = leastDrop; }));
    const app = await opened(t, browser, host.url + "#gallery", { viewport: { width: 390, height: 844 } });
    const { page } = app;
    await checked(page);
    const check = readJson(name, "check/check.json");
    const picture = path.join(pack(name), "bundle/check", check.pictures[0].file);
    await page.setInputFiles('[data-input="files"]', [picture]);
    await until(page, () => /1 picture classified/.test(document.body.textContent));
    await page.getByRole("button", { name: "Why?" }).click();
    await page.waitForSelector(".why-dialog canvas:visible");
    const { labels } = readJson(name, "app.json").preprocess;
    const scores = check.pictures[0].scores_xnnpack;
    const best = scores.indexOf(Math.max(...scores));
    const program = JSON.parse(execFileSync(process.env.WHY_MAP, [path.join(pack(name), "bundle/model.tflite"), picture, String(best)], { encoding: "utf8" }));
    const drops = JSON.parse(await page.getAttribute(".why-dialog canvas", "data-drops"));
    assert.equal(drops.length, 49);
    const apart = Math.max(...drops.map((drop, i) => Math.abs(drop - program[i])));
    console.log(`  ${name}: at most ${apart} from the program's map, whose largest drop is ${Math.max(...program)}`);
    assert.ok(apart <= (name === "uint8" ? 2.01 / 255 : 1e-5), String(apart));
    assert.ok(Math.max(...program.map(Math.abs)) > 0);
    const most = Math.max(...drops);
    const words = await page.textContent(".why-dialog p");
    assert.match(words, most < leastDrop ? /No single place matters/ : new RegExp(`covering the reddest takes ${Math.round(100 * most)} points of 100 from “${labels[best]}”`));
    assert.equal(most >= leastDrop, name === "two");
    const redder = await page.evaluate(() => { // than the model's own pixels, somewhere
      const canvas = document.querySelector(".why-dialog canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let most = 0;
      for (let i = 0; i < data.length; i += 4) most = Math.max(most, data[i] - data[i + 1]);
      return most;
    });
    if (name === "two") assert.ok(redder > 100, String(redder));
    await shoot(page, `why-390-${name}`);
    await page.getByRole("button", { name: "Close" }).click();
    await until(page, () => document.querySelector(".why-dialog") === null);
    // Stopped at once: the dialog goes, and the app answers as before.
    await page.getByRole("button", { name: "Why?" }).click();
    await page.waitForSelector(".why-dialog");
    await page.evaluate(() => document.querySelector(".why-dialog button").click());
    await until(page, () => document.querySelector(".why-dialog") === null);
    await page.setInputFiles('[data-input="files"]', [picture]);
    await until(page, () => /2 pictures classified/.test(document.body.textContent));
    assert.deepEqual(app.faults, []);
  });
}
