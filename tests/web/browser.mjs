// Chromium for the tests: launching, pages that collect every fault, camera films of known pixels.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

export const launch = (extra = []) =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: [...FLAGS, ...extra] });

// A page of its own browser profile. `faults` collects what must never happen: exceptions, broken content security policy,
// requests to other hosts.
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1200, height: 900 }, ...options });
  const faults = [];
  const hosts = new Set();
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol === "blob:" || protocol === "data:") return;
    hosts.add(host);
    if (host !== new URL(url).host) faults.push(`request to ${request.url()}`);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  if (options.before) await page.addInitScript(options.before);
  await page.goto(url);
  return { page, context, faults, hosts, close: () => context.close() };
}

// Waits until `condition` holds in the page. Playwright's own waitForFunction needs eval, which the app forbids.
export async function until(page, condition) {
  const end = Date.now() + 120_000;
  while (!(await page.evaluate(condition).catch(() => false))) {
    if (Date.now() > end) throw new Error(`still not so after 120 s: ${condition}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export async function checked(page) {
  await page.waitForSelector('.chip[data-state="good"], .chip[data-state="bad"]');
}

// A link changes the address at once, the screen a moment later.
export async function shown(page, screen) {
  await page.waitForSelector(`#app[data-screen="${screen}"]`);
}

export async function download(page, click) {
  const [file] = await Promise.all([page.waitForEvent("download"), click()]);
  const bytes = fs.readFileSync(await file.path());
  return { name: file.suggestedFilename(), bytes, text: bytes.toString("utf8") };
}

const clip = (value) => Math.max(0, Math.min(255, Math.round(value)));

// BT.601 limited range, which is what y4m and Chromium take each other's numbers for.
function yuvOf([r, g, b]) {
  return [
    clip(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255),
    clip(128 + (-37.797 * r - 74.203 * g + 112 * b) / 255),
    clip(128 + (112 * r - 93.786 * g - 18.214 * b) / 255),
  ];
}

// A film of one still picture, 640 x 480: `colourAt(x, y)` gives RGB; colours are the same in 2 x 2 blocks.
export function writeFilm(colourAt, width = 640, height = 480) {
  const planes = [Buffer.alloc(width * height), Buffer.alloc((width * height) / 4), Buffer.alloc((width * height) / 4)];
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const yuv = yuvOf(colourAt(x - (x % 2), y - (y % 2)));
      planes[0][y * width + x] = yuv[0];
      const chroma = Math.floor(y / 2) * (width / 2) + Math.floor(x / 2);
      planes[1][chroma] = yuv[1];
      planes[2][chroma] = yuv[2];
    }
  }
  const frame = Buffer.concat([Buffer.from("FRAME\n"), ...planes]);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "handlens-film-")), "film.y4m");
  fs.writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F20:1 Ip A1:1 C420jpeg\n`), frame, frame]));
  return file;
}

export const cameraFlags = (film) => [
  "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${film}`,
];
