// Claims about what the web app says: its languages, what it knows, its advice. Run by run.sh.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { checked, launch } from "./browser.mjs";
import { editApp, hosted, opened, pack, readJson, shoot } from "./lab.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

test("other languages say that a machine made their words; Arabic runs from right to left", async (t) => {
  const host = await hosted(t, pack("two"));
  for (const [locale, lang, dir, tabs] of [["es-MX", "es", "ltr", /Cámara.*Fotos.*Más/s], ["ar-EG", "ar", "rtl", /الكاميرا.*الصور.*المزيد/s], ["ja", "en", "ltr", /Camera/]]) {
    const app = await opened(t, browser, host.url + "#more", { locale, viewport: { width: 360, height: 740 } });
    await checked(app.page);
    assert.deepEqual(await app.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), [lang, dir]);
    assert.match(await app.page.textContent("nav"), tabs);
    assert.equal(/máquina|آليًا/.test(await app.page.textContent("main")), lang !== "en");
    assert.ok(await app.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await shoot(app.page, `more-360-${lang}`);
  }
});

test("the camera screen says what the model knows and what helps most", async (t) => {
  const host = await hosted(t, pack("many"), editApp((app) => { app.guide = "distance"; app.guide_number = 62; }));
  const app = await opened(t, browser, host.url + "#camera");
  await checked(app.page);
  assert.match(await app.page.textContent(".knows"), /^I know:/);
  assert.equal(await app.page.locator(".knows li").count(), 25);
  assert.match(await app.page.textContent(".knows li:last-child"), /and 176 more/);
  assert.match(await app.page.textContent(".guide"), /nearer until the object fills the square\. If it fills less than 62 % of the square's side/);
});

test("a model that missed checks on the computer is never simply called checked", async (t) => {
  const host = await hosted(t, pack("two"), editApp((app) => { app.verdict = { passed: 11, of: 13 }; }));
  const app = await opened(t, browser, host.url + "#check", { viewport: { width: 390, height: 844 } });
  await checked(app.page);
  assert.equal(await app.page.textContent(".chip"), "11 of 13 checks");
  assert.equal(await app.page.getAttribute(".chip", "data-state"), "bad");
  assert.match(await app.page.textContent(".check-view"), /sees what the computer saw.*passed only 11 of 13 checks/s);
  await shoot(app.page, "check-390-missed");
  const good = await hosted(t, pack("two"), editApp((app) => { app.verdict = { passed: 13, of: 13 }; }));
  const other = await opened(t, browser, good.url + "#check");
  await checked(other.page);
  assert.equal(await other.page.textContent(".chip"), "Checked");
  assert.doesNotMatch(await other.page.textContent(".check-view"), /passed only/);
});

test("an example picture of each class stands beside its name, only where the pack has them", async (t) => {
  const host = await hosted(t, pack("five"));
  const app = await opened(t, browser, host.url + "#camera");
  await checked(app.page);
  const { examples, preprocess } = readJson("five", "app.json");
  assert.equal(examples.length, 5);
  await app.page.locator(".knows").scrollIntoViewIfNeeded();
  const pictures = app.page.locator(".knows.pictured li img");
  assert.equal(await pictures.count(), 5);
  for (let i = 0; i < 5; ++i) {
    assert.equal(await pictures.nth(i).evaluate((img) => img.decode().then(() => img.naturalWidth)), preprocess.size_px);
    assert.ok((await pictures.nth(i).getAttribute("src")).endsWith(`/bundle/${examples[i]}`));
    assert.equal(await app.page.locator(".knows li").nth(i).textContent(), preprocess.labels[i]);
  }
  await shoot(app.page, "examples-390");
  assert.deepEqual(app.faults, []);
  const other = await hosted(t, pack("two"));
  const without = await opened(t, browser, other.url + "#camera");
  await checked(without.page);
  assert.equal(await without.page.locator(".knows img").count(), 0);
});

test("a broken picture is told in the user's language alone", async (t) => {
  const host = await hosted(t, pack("two"));
  for (const [locale, words] of [["de-DE", /nicht als Bild lesen/], ["ar-EG", /لا يستطيع هذا المتصفح قراءتها كصورة/], ["en-GB", /cannot read it as a picture/]]) {
    const app = await opened(t, browser, host.url + "#gallery", { locale });
    await checked(app.page);
    await app.page.setInputFiles('[data-input="files"]', { name: "broken.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
    const text = await app.page.locator(".picture.failed .bad").textContent();
    assert.match(text, words);
    assert.doesNotMatch(text, /[{}]|could not be decoded/);
  }
});

test("a HEIC picture gets a message that says what to do", async (t) => {
  const host = await hosted(t, pack("two"));
  const app = await opened(t, browser, host.url + "#gallery");
  await checked(app.page);
  const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic"), Buffer.alloc(64)]);
  await app.page.setInputFiles('[data-input="files"]', { name: "IMG_0001.jpg", mimeType: "image/jpeg", buffer: heic });
  await app.page.waitForSelector(".picture.failed");
  assert.match(await app.page.textContent(".picture.failed"), /HEIC.*Most Compatible/);
});
