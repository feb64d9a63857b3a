// Claims about the web app, proven in Chromium. Run by run.sh.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { cameraFlags, checked, download, launch, shown, until, writeFilm } from "./browser.mjs";
import { PACKS, SCREENSHOTS, editApp, hosted, opened, pack, readJson, shoot, withCamera } from "./lab.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SAMPLES = ["two", "five", "many", "uint8"];

const pictures = (name) => fs.globSync
  ? fs.globSync("**/*.*", { cwd: path.join(PACKS, "work", name, "pictures") }).map((file) => path.join(PACKS, "work", name, "pictures", file)).sort()
  : fs.readdirSync(path.join(PACKS, "work", name, "pictures"), { recursive: true }).map((file) => path.join(PACKS, "work", name, "pictures", file))
    .filter((file) => fs.statSync(file).isFile()).sort();

// The rows of a CSV without quoted fields.
const rowsOf = (csv) => csv.trim().split("\r\n").map((line) => line.split(","));

const lastPart = (file) => file.split("/").at(-1);

let browser;
before(async () => {
  if (SCREENSHOTS) fs.mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await launch();
});
after(() => browser?.close());

for (const name of SAMPLES) {
  test(`the self-check of "${name}" is green: no differing byte, the computer's scores`, async (t) => {
    const host = await hosted(t, pack(name));
    const app = await opened(t, browser, host.url + "#check");
    await app.page.waitForSelector(".verdict");
    const model = readJson(name, "app.json").model_sha256;
    const result = JSON.parse(await app.page.evaluate((key) => localStorage.getItem(key), `handlens:check:${model}`));
    const manifest = JSON.parse(fs.readFileSync(path.join(pack(name), "golden/manifest.json"), "utf8"));
    const check = readJson(name, "check/check.json");
    assert.deepEqual(result.golden.failures, []);
    assert.equal(result.golden.vectors, manifest.count);
    assert.equal(manifest.count, manifest.vectors.length);
    assert.equal(result.golden.differingBytes, 0);
    assert.equal(result.rows.length, check.pictures.length);
    assert.ok(result.rows.length >= 12);
    const allowed = name === "uint8" ? 1.01 / 255 : 1e-3;
    for (const row of result.rows) {
      assert.equal(row.error, "");
      assert.equal(row.samePixels, true, `${row.file}: other pixels than on the computer`);
      assert.equal(row.here, row.computer);
      assert.ok(row.difference <= allowed, `${row.file}: ${row.difference}`);
    }
    assert.equal(result.passed, true);
    assert.match(await app.page.textContent(".verdict"), /sees what the computer saw/);
    assert.equal(await app.page.getAttribute(".chip", "data-state"), "good");
    console.log(`  ${name}: worst difference ${result.worstDifference}, ${result.milliseconds.toFixed(1)} ms a picture`);
    assert.deepEqual(app.faults, []);
  });
}

test("the gallery gives 240 pictures the computer's scores, counts them by folder, saves them as CSV", async (t) => {
  const host = await hosted(t, pack("five"));
  const app = await opened(t, browser, host.url + "#gallery");
  await checked(app.page);
  const files = pictures("five");
  assert.equal(files.length, 12);
  const many = Array.from({ length: 20 }, () => files).flat();
  await app.page.setInputFiles('[data-input="files"]', many);
  await until(app.page, () => /240 pictures classified/.test(document.body.textContent));
  assert.equal(await app.page.locator(".picture").count(), 100);
  const { name, text } = await download(app.page, () => app.page.getByRole("button", { name: "Save as CSV" }).click());
  assert.equal(name, "five-pictures.csv");
  const rows = rowsOf(text);
  assert.equal(rows.length, 241);
  assert.deepEqual(rows[0].slice(0, 5), ["picture", "label", "predicted", "not_sure", "error"]);
  const check = readJson("five", "check/check.json");
  for (const row of rows.slice(1)) {
    const expected = check.pictures[Number.parseInt(lastPart(row[0]), 10)];
    row.slice(5).forEach((score, i) => assert.ok(Math.abs(Number(score) - expected.scores[i]) < 1e-3));
  }

  await app.page.getByRole("button", { name: "Clear" }).click();
  await app.page.setInputFiles('[data-input="folder"]', path.join(PACKS, "work/five/pictures"));
  await until(app.page, () => /12 pictures classified/.test(document.body.textContent));
  const right = check.pictures.filter((p) => p.label === readJson("five", "app.json").preprocess.labels[p.scores.indexOf(Math.max(...p.scores))]).length;
  assert.match(await app.page.textContent(".tally-line"), new RegExp(`^${right} of 12 right`));
  assert.deepEqual(app.faults, []);
});

test("the gallery takes dropped and pasted pictures, true labels by hand, and names what it cannot read", async (t) => {
  const host = await hosted(t, pack("two"));
  const app = await opened(t, browser, host.url + "#gallery");
  await checked(app.page);
  const bytes = Array.from(fs.readFileSync(pictures("two").find((file) => file.endsWith(".png"))));
  for (const kind of ["drop", "paste"]) {
    await app.page.evaluate(([type, data]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(data)], `${type}.png`, { type: "image/png" }));
      if (type === "paste") {
        transfer.items.add(new File([new Uint8Array(data)], '=1+1,"x".png', { type: "image/png" }));
        transfer.items.add(new File(["no picture"], "broken.jpg", { type: "image/jpeg" }));
        transfer.items.add(new File(["notes"], "notes.txt", { type: "text/plain" }));
      }
      const target = type === "drop" ? document.querySelector(".screen") : document.body;
      const event = type === "drop"
        ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true })
        : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true });
      target.dispatchEvent(event);
    }, [kind, bytes]);
    await app.page.waitForSelector(`.picture:has-text("${kind}.png") .picture-answer`);
  }
  await app.page.waitForSelector('.picture.failed:has-text("broken.jpg")');
  await until(app.page, () => /1 file is not a picture/.test(document.body.textContent));
  const item = app.page.locator('.picture:has-text("drop.png")');
  const answer = await item.locator("strong").textContent();
  const labels = readJson("two", "app.json").preprocess.labels;
  await item.locator("select").selectOption(labels.find((label) => label !== answer));
  assert.equal(await item.getAttribute("data-right"), "false");
  await item.locator("select").selectOption(answer);
  assert.equal(await item.getAttribute("data-right"), "true");
  assert.match(await app.page.textContent(".tally-line"), /^1 of 1 right/);
  const csv = await download(app.page, () => app.page.getByRole("button", { name: "Save as CSV" }).click());
  assert.equal(csv.text.split("\r\n").length, 1 + 4 + 1);
  assert.ok(csv.text.includes(`\r\n"'=1+1,""x"".png",,`), "a file's name must stay one cell and no formula");
  await shoot(app.page, "gallery-1200");
  assert.deepEqual(app.faults, []);
});

test("the camera classifies the centre square, within 2 levels of the film", async (t) => {
  // Red inside the 480 x 480 box, blue beside it: any other box would see blue.
  const film = writeFilm((x) => (x >= 80 && x < 560 ? [200, 30, 40] : [20, 30, 250]));
  const camera = await withCamera(t, cameraFlags(film));
  const host = await hosted(t, pack("uint8"));
  // The one camera that Chromium has for tests plays front and back.
  const twoCameras = () => {
    const media = navigator.mediaDevices;
    const ask = media.getUserMedia.bind(media);
    globalThis.asked = [];
    media.enumerateDevices = async () => [{ kind: "videoinput" }, { kind: "videoinput" }];
    media.getUserMedia = (wanted) => (globalThis.asked.push(wanted.video.facingMode.ideal), ask(wanted));
  };
  const app = await opened(t, camera, host.url + "#camera", { before: twoCameras });
  await checked(app.page);
  await app.page.getByRole("button", { name: "Start camera" }).click();
  await app.page.waitForSelector('.result[data-state="sure"]');
  assert.equal(await app.page.textContent(".result-label"), "red");
  const percents = await app.page.locator(".top-value").allTextContents();
  const names = await app.page.locator(".top-name").allTextContents();
  const scores = Object.fromEntries(names.map((name, i) => [name, Number.parseInt(percents[i], 10) * 2.55]));
  assert.equal(names.length, 3);
  for (const [label, level] of [["red", 200], ["green", 30], ["blue", 40]]) {
    assert.ok(Math.abs(scores[label] - level) <= 2 + 1.3, `${label}: ${scores[label]} instead of ${level}`);
  }
  const box = await app.page.locator(".stage-box").boundingBox();
  const stage = await app.page.locator(".stage").boundingBox();
  assert.ok(Math.abs(box.width / stage.width - 0.75) < 0.01 && Math.abs(box.height / stage.height - 1) < 0.01);
  await shoot(app.page, "camera-1200");

  await app.page.getByRole("button", { name: "Take picture" }).click();
  assert.equal(await app.page.evaluate(() => document.querySelector("video").paused), true);
  const kept = await download(app.page, () => app.page.getByRole("button", { name: "Save picture" }).click());
  assert.match(kept.name, /^red-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.png$/);
  assert.equal(kept.text.slice(1, 4), "PNG");
  await app.page.getByRole("button", { name: "Why?" }).click();
  await app.page.waitForSelector(".why-dialog canvas:visible");
  await shoot(app.page, "camera-why-1200");
  await app.page.getByRole("button", { name: "Close" }).click();
  await app.page.getByRole("button", { name: "Again" }).click();
  assert.equal(await app.page.getByRole("button", { name: "Save picture" }).isVisible(), false);
  assert.equal(await app.page.evaluate(() => document.querySelector("video").paused), false);
  await app.page.getByRole("button", { name: "Other camera" }).click();
  await until(app.page, () => globalThis.asked.length === 2);
  await app.page.waitForSelector('.result[data-state="sure"]');
  assert.deepEqual(await app.page.evaluate(() => globalThis.asked), ["environment", "user"]);
  await app.page.getByRole("link", { name: "Pictures" }).click();
  await shown(app.page, "gallery");
  assert.equal(await app.page.locator("video").count(), 0);
  assert.deepEqual(app.faults, []);
});

for (const [screen, button] of [["camera", "Start camera"], ["field", "Start series"]]) {
  test(`a camera granted after the ${screen} screen was left is released`, async (t) => {
    const camera = await withCamera(t, cameraFlags(writeFilm(() => [200, 30, 40])));
    const host = await hosted(t, pack("uint8"));
    const slowly = () => {
      const media = navigator.mediaDevices;
      const ask = media.getUserMedia.bind(media);
      globalThis.streams = [];
      media.getUserMedia = async (wanted) => {
        const stream = await ask(wanted);
        globalThis.streams.push(stream);
        await new Promise((grant) => (globalThis.grant = grant));
        return stream;
      };
    };
    const app = await opened(t, camera, `${host.url}#${screen}`, { before: slowly });
    await checked(app.page);
    await app.page.getByRole("button", { name: button }).click();
    await until(app.page, () => globalThis.grant !== undefined);
    await app.page.getByRole("link", { name: "Pictures" }).click();
    await shown(app.page, "gallery");
    await app.page.evaluate(() => globalThis.grant());
    await until(app.page, () => globalThis.streams[0].getTracks().every((track) => track.readyState === "ended"));
    await app.page.goBack();
    await shown(app.page, screen);
    await app.page.getByRole("button", { name: button }).click();
    await until(app.page, () => globalThis.streams.length === 2);
    await app.page.evaluate(() => globalThis.grant());
    await until(app.page, () => document.querySelector(".stage.live video")?.srcObject === globalThis.streams[1]);
    assert.deepEqual(app.faults, []);
  });
}

test("on a phone, upright or on its side, the answer covers nothing of the square and the shutter is in reach", async (t) => {
  const host = await hosted(t, pack("uint8"));
  for (const [viewport, film] of [[{ width: 390, height: 844 }, [640, 480]], [{ width: 390, height: 844 }, [480, 640]], [{ width: 360, height: 640 }, [480, 640]], [{ width: 844, height: 390 }, [640, 480]]]) {
    const camera = await withCamera(t, cameraFlags(writeFilm(() => [200, 30, 40], ...film)));
    const app = await opened(t, camera, host.url + "#camera", { viewport });
    await checked(app.page);
    await app.page.getByRole("button", { name: "Start camera" }).click();
    await app.page.waitForSelector('.result[data-state="sure"]');
    const [square, answer, shutter] = await Promise.all([".stage-box", ".result", ".shutter"].map((part) => app.page.locator(part).boundingBox()));
    const apart = answer.y >= square.y + square.height - 1 || answer.x >= square.x + square.width;
    assert.ok(apart, `${JSON.stringify(answer)} over ${JSON.stringify(square)}`);
    const tabs = await app.page.locator(".tabs").boundingBox();
    const label = await app.page.locator(".result-label").boundingBox();
    assert.ok(label.y + label.height <= shutter.y || label.x >= shutter.x + shutter.width, `the answer lies under the shutter: ${JSON.stringify([viewport, film, label, shutter])}`);
    const end = tabs.y > viewport.height / 2 ? tabs.y : viewport.height;
    assert.ok(square.y >= 0 && shutter.y + shutter.height <= end + 1, JSON.stringify([viewport, film, square, shutter, tabs]));
    if (SCREENSHOTS) await app.page.screenshot({ path: `${SCREENSHOTS}/camera-${viewport.width}-${film[0]}.png` });
  }
});

test("a class that must not be missed is referred, whatever scores highest", async (t) => {
  const check = readJson("uint8", "check/check.json");
  const blues = check.pictures.map((picture) => picture.scores_xnnpack[2]).sort((a, b) => a - b);
  const refer = { label: "blue", class: 2, from: (blues[5] + blues[6]) / 2 };   // half of the pictures
  const camera = await withCamera(t, cameraFlags(writeFilm(() => [250, 30, 200])));   // 78 % blue, more red
  const host = await hosted(t, pack("uint8"), editApp((app) => { app.preprocess.refer = refer; }));
  const app = await opened(t, camera, host.url + "#camera");
  await checked(app.page);
  await app.page.getByRole("button", { name: "Start camera" }).click();
  await app.page.waitForSelector('.result[data-state="refer"]');
  assert.equal(await app.page.textContent(".result-label"), "Refer to an expert");
  assert.match(await app.page.textContent(".result-value"), /^possibly blue \((7[5-9]|8[0-2])%\)$/);
  await app.page.getByRole("link", { name: "Pictures" }).click();
  const files = pictures("uint8");
  await app.page.setInputFiles('[data-input="files"]', files);
  await until(app.page, () => /12 pictures classified/.test(document.body.textContent));
  const expected = check.pictures.filter((picture) => picture.scores_xnnpack[2] >= refer.from).length;
  assert.ok(expected > 0 && expected < 12, String(expected));
  assert.equal(await app.page.locator('.picture-answer:has-text("Refer to an expert")').count(), expected);
  assert.deepEqual(app.faults, []);
});

test("a camera answer below the threshold is shown as not sure", async (t) => {
  const camera = await withCamera(t, cameraFlags(writeFilm(() => [60, 50, 40])));
  const host = await hosted(t, pack("uint8"));
  const app = await opened(t, camera, host.url + "#camera");
  await checked(app.page);
  await app.page.getByRole("button", { name: "Start camera" }).click();
  await app.page.waitForSelector('.result[data-state="not-sure"]');
  assert.equal(await app.page.textContent(".result-label"), "Not sure");
  assert.equal(await app.page.textContent(".result-value"), "perhaps red");
});

test("what is not sure names the classes that are possible, where the file says which", async (t) => {
  const camera = await withCamera(t, cameraFlags(writeFilm(() => [60, 50, 40])));
  for (const [from, words] of [[0.176, "perhaps red or green"], [0.3, ""], [0.1, "perhaps red, green, or blue"], [0.22, "perhaps red"]]) {
    const host = await hosted(t, pack("uint8"), editApp((app) => { app.preprocess.answering = { sets: { from } }; }));
    const app = await opened(t, camera, host.url + "#camera");
    await checked(app.page);
    await app.page.getByRole("button", { name: "Start camera" }).click();
    await app.page.waitForSelector('.result[data-state="not-sure"]');
    assert.equal(await app.page.textContent(".result-value"), words);
  }
});

test("a missing and a refused camera are said in words", async (t) => {
  const host = await hosted(t, pack("two"));
  const app = await opened(t, browser, host.url + "#camera");
  await checked(app.page);
  await app.page.getByRole("button", { name: "Start camera" }).click();
  await app.page.waitForSelector(".problem:visible");
  assert.match(await app.page.textContent(".problem"), /No camera was found|not allowed/);
  const refusing = { before: () => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError")); } };
  const refused = await opened(t, browser, host.url + "#camera", refusing);
  await checked(refused.page);
  await refused.page.getByRole("button", { name: "Start camera" }).click();
  await refused.page.waitForSelector(".problem:visible");
  assert.match(await refused.page.textContent(".problem"), /not allowed/);
});

test("after the first visit the app starts and classifies without a network", async (t) => {
  const host = await hosted(t, pack("five"));
  const app = await opened(t, browser, host.url + "#gallery");
  await checked(app.page);
  await app.page.evaluate(() => navigator.serviceWorker.ready);
  await until(app.page, () => navigator.serviceWorker.controller !== null);
  await host.close();
  await app.context.setOffline(true);
  await app.page.reload();
  await checked(app.page);
  await app.page.setInputFiles('[data-input="files"]', pictures("five").slice(0, 3));
  await until(app.page, () => /3 pictures classified/.test(document.body.textContent));
  assert.equal(await app.page.locator(".picture-answer").count(), 3);
  await app.page.getByRole("link", { name: "More" }).click();
  await app.page.getByRole("link", { name: "Self-check", exact: true }).click();
  assert.equal(await app.page.getByRole("link", { name: "More" }).getAttribute("aria-current"), "page");
  await app.page.getByRole("button", { name: "Run again" }).click();
  await app.page.waitForSelector(".verdict.is-good");
  await app.page.getByRole("link", { name: "More" }).click();
  await app.page.getByRole("link", { name: "About" }).click();
  await app.page.waitForSelector("text=Ready to work offline.");
});

test("the self-check's record has the fields of docs/formats-app.md", async (t) => {
  const host = await hosted(t, pack("five"));
  const app = await opened(t, browser, host.url + "#check");
  await app.page.waitForSelector(".verdict.is-good");
  const { name, text } = await download(app.page, () => app.page.getByRole("button", { name: "Save result as JSON" }).click());
  assert.equal(name, "five-self-check.json");
  const { format, version, app: facts, labels, self_check: check } = JSON.parse(text);
  assert.deepEqual([format, version, facts.target, facts.path], ["handlens-phone", 1, "web", "xnnpack"]);
  assert.deepEqual(labels, readJson("five", "app.json").preprocess.labels);
  assert.deepEqual([check.ok, check.model_intact, check.delegate], [true, true, "used"]);
  assert.equal(check.computer_runtime, readJson("five", "check/check.json").runtime);
  assert.equal(check.golden.equal + check.golden.within_bound, check.golden.count);
  assert.equal(check.pictures.length, 12);
  for (const picture of check.pictures) {
    assert.equal(picture.xnnpack.length, labels.length);
    assert.deepEqual([picture.builtin, picture.xnnpack_ok, picture.input_equal], [null, true, true]);
  }
});

test("a newly packed model reaches a browser that keeps the old one", async (t) => {
  let folder = pack("two");
  const host = await hosted(t, pack("two"), (name) => {
    const file = path.join(folder, name);
    return fs.existsSync(file) ? fs.readFileSync(file) : null;
  });
  const app = await opened(t, browser, host.url + "#about");
  await checked(app.page);
  await until(app.page, () => navigator.serviceWorker.controller !== null);
  assert.match(await app.page.textContent("h1"), /Zwei Blätter/);
  folder = pack("five");
  await app.page.reload();
  await app.page.getByRole("button", { name: "Update now" }).click();
  await until(app.page, () => document.querySelector("h1")?.textContent === "Five");
  const caches = await app.page.evaluate(() => caches.keys());
  assert.equal(caches.length, 1, caches.join());
});

const REFUSALS = [
  ["labels that are fewer than the outputs", editApp((app) => app.preprocess.labels.pop()), /4 labels, but the model gives 5 scores/],
  ["labels that are more than the outputs", editApp((app) => app.preprocess.labels.push("extra")), /6 labels, but the model gives 5 scores/],
  ["a label that stands twice", editApp((app) => { app.preprocess.labels[1] = app.preprocess.labels[0]; }), /5 labels, but/],
  ["an int8 model", editApp((app) => { app.input_type = app.output_type = "int8"; }), /int8.*float32 and uint8 models only/],
  ["another pixel contract", editApp((app) => { app.preprocess.pixel_contract = 2; }), /version 2 of the pixel contract/],
  ["another input size", editApp((app) => { app.preprocess.size_px = 64; }), /input is 1 x 48 x 48 x 3/],
  ["a newer format", editApp((app) => { app.version = 2; }), /handlens-app 2/],
  ["another model file", (name, bytes) => (name === "bundle/model.tflite" ? fs.readFileSync(path.join(pack("two"), "bundle/model.tflite")) : bytes), /fingerprint differs/],
  ["a missing model", (name, bytes) => (name === "bundle/model.tflite" ? null : bytes), /model\.tflite is missing/],
];
for (const [what, change, words] of REFUSALS) {
  test(`the app refuses ${what}`, async (t) => {
    const host = await hosted(t, pack("five"), change);
    const app = await opened(t, browser, host.url);
    await app.page.waitForSelector(".refusal");
    assert.match(await app.page.textContent(".refusal [role=alert]"), words);
    assert.equal(await app.page.locator("nav").count(), 0);
  });
}

test("a browser that disturbs canvas pixels turns the self-check red and closes the field test", async (t) => {
  const host = await hosted(t, pack("two"));
  const disturbing = () => {
    const read = CanvasRenderingContext2D.prototype.getImageData;
    CanvasRenderingContext2D.prototype.getImageData = function (...box) {
      const data = read.apply(this, box);
      data.data[0] ^= 1;
      return data;
    };
  };
  const app = await opened(t, browser, host.url, { before: disturbing });
  await app.page.waitForSelector(".verdict.is-bad");
  assert.equal(await app.page.getAttribute(".chip", "data-state"), "bad");
  assert.match(await app.page.textContent("main"), /Privacy settings/);
  await shoot(app.page, "check-red-1200");
  await app.page.getByRole("link", { name: "More" }).click();
  await app.page.getByRole("link", { name: "Field test" }).click();
  await shown(app.page, "field");
  assert.equal(await app.page.locator(".field-body").isVisible(), false);
});

test("a held-out picture with other pixels turns the self-check red", async (t) => {
  const host = await hosted(t, pack("five"), (name, bytes) =>
    name === "bundle/check/1.png" ? fs.readFileSync(path.join(pack("five"), "bundle/check/2.png")) : bytes);
  const app = await opened(t, browser, host.url);
  await app.page.waitForSelector(".verdict.is-bad");
  assert.equal(await app.page.locator("td .bad").count(), 1);
});

for (const [width, height] of [[360, 740], [1200, 900]]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`every screen at ${width} px, ${colorScheme}: accessible (axe), nothing wider than the window`, async (t) => {
      const camera = await withCamera(t, cameraFlags(writeFilm((x, y) => [200, 40 + Math.floor(y / 8), 40 + Math.floor(x / 8)])));
      const host = await hosted(t, pack("two"));
      const app = await opened(t, camera, host.url + "#camera", { viewport: { width, height }, colorScheme });
      await checked(app.page);
      for (const screen of ["camera", "gallery", "more", "field", "check", "about"]) {
        await app.page.goto(`${host.url}#${screen}`);
        await shown(app.page, screen);
        if (screen === "camera") {
          await app.page.getByRole("button", { name: "Start camera" }).click();
          await app.page.waitForSelector('.result[data-state="sure"], .result[data-state="not-sure"]');
        }
        if (screen === "gallery") {
          await app.page.setInputFiles('[data-input="folder"]', path.join(PACKS, "work/two/pictures"));
          await until(app.page, () => /12 pictures classified/.test(document.body.textContent));
        }
        if (screen === "check") await app.page.waitForSelector(".verdict");
        await app.page.evaluate(AXE);
        const { violations } = await app.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(violations.map((v) => `${screen}: ${v.id}: ${v.nodes.map((node) => node.target.join(" ")).join(", ")}`), []);
        const overflow = await app.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${screen}: ${overflow} px wider than the window`);
        await shoot(app.page, `${screen}-${width}-${colorScheme}`);
      }
      assert.deepEqual(app.faults, []);
    });
  }
}

test("a German browser gets German, and the choice of a language stays", async (t) => {
  const host = await hosted(t, pack("two"));
  const app = await opened(t, browser, host.url + "#more", { locale: "de-AT" });
  await checked(app.page);
  assert.equal(await app.page.getAttribute("html", "lang"), "de");
  assert.match(await app.page.textContent("nav"), /Kamera.*Bilder.*Mehr/s);
  await app.page.getByLabel("Sprache").selectOption("en");
  await until(app.page, () => document.documentElement.lang === "en");
  await app.page.reload();
  await app.page.waitForSelector("text=Field test");
});

test("a model card is text, never markup", async (t) => {
  const host = await hosted(t, pack("two"));
  const app = await opened(t, browser, host.url + "#about");
  await checked(app.page);
  const card = app.page.locator(".model-card");
  assert.equal(await card.locator("script").count(), 0);
  assert.match(await card.textContent(), /<script>alert\(1\)<\/script> stays text/);
  assert.equal(await card.locator("strong").textContent(), "Random weights.");
  assert.equal(/\\/.test(await card.textContent()), false, "escapes of Markdown stay out of sight");
  assert.match(await card.textContent(), /leaf_01 \| \[two\]/);
  assert.match(await app.page.textContent("section.notice"), /Not a diagnosis/);
});

test("the app can be installed, and asks its own host only", async (t) => {
  const host = await hosted(t, pack("two"));
  const app = await opened(t, browser, host.url);
  await checked(app.page);
  await until(app.page, () => navigator.serviceWorker.controller !== null);
  const session = await app.context.newCDPSession(app.page);
  const { errors } = await session.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // Private windows, which tests run in, cannot install anything.
  assert.deepEqual(installabilityErrors.map((e) => e.errorId).filter((id) => id !== "in-incognito"), []);
  assert.deepEqual([...app.hosts], [new URL(host.url).host]);
  assert.ok(host.state.requests > 50);
  assert.deepEqual(app.faults, []);
});

test("figures: first classification and milliseconds a picture", async (t) => {
  const host = await hosted(t, pack("five"));
  const app = await opened(t, browser, host.url + "#gallery");
  await until(app.page, () => performance.getEntriesByName("handlens-ready").length > 0);
  const ready = await app.page.evaluate(() => performance.getEntriesByName("handlens-ready")[0].startTime);
  await checked(app.page);
  await app.page.setInputFiles('[data-input="files"]', pictures("five"));
  await until(app.page, () => /12 pictures classified/.test(document.body.textContent));
  console.log(`  ready to classify ${ready.toFixed(0)} ms after navigation`);
  assert.ok(ready > 0);
});
