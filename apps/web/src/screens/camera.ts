// The camera screen: live answers for the square in the middle of the frame.
import type { AppInfo } from "../bundle";
import { Camera, CameraProblem } from "../camera";
import { type Answer, answerOf } from "../classifier";
import { grabFrame, pngOf } from "../decode";
import { download, h, icon } from "../dom";
import { guideText, number, t } from "../i18n";
import type { Picture } from "../pixels";
import { slug } from "../phone";
import { ResultPanel, headOf } from "../result";
import { whyButton } from "../whyview";
import type { Context, Screen } from "../screen";

// At most this many answers a second: faster than eyes follow, easy on the battery.
const LEAST_MS = 66;

// What the verdict found to harm most comes first.
export function tips({ guide, guide_number }: AppInfo): HTMLElement {
  const text = guideText(guide, guide_number);
  const first = text ? h("p", { class: "guide" }, text) : null;
  return h("div", { class: "advice" }, first, h("details", { class: "tips" }, h("summary", {}, t("tipsTitle")),
    h("ul", {}, ...(["tipSize", "tipDistance", "tipPlace", "tipBackground"] as const).map((key) => h("li", {}, t(key))))));
}

// "I know: ash, beech, ..."; of very many classes the first, and how many more. With a picture of each where the app has them.
export function knows(context: Context): HTMLElement {
  const { examples, preprocess: { labels } } = context.bundle.app;
  const shown = 24;
  const example = (i: number) => examples?.[i] && h("img", { src: `${context.base}bundle/${examples[i]}`, alt: "" });
  return h("section", { class: examples ? "knows pictured" : "knows", "aria-label": t("knows") }, h("h2", {}, t("knows")),
    h("ul", {}, ...labels.slice(0, shown).map((label, i) => h("li", {}, example(i), h("span", {}, label))),
      labels.length > shown ? h("li", { class: "quiet" }, t("knowsMore", { count: labels.length - shown })) : null));
}

export function cameraScreen(context: Context): Screen {
  const { preprocess } = context.bundle.app;
  const { labels, size_px, fit, notice } = preprocess;
  const camera = new Camera(fit);
  const panel = new ResultPanel(Math.min(3, labels.length));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const speed = h("p", { class: "quiet speed" });
  const start = h("button", { class: "primary", type: "button", onclick: () => void begin() }, icon("camera"), t("cameraStart"));
  const pause = h("button", { class: "shutter", type: "button", hidden: true, onclick: () => setPaused(!paused) });
  const flip = h("button", { type: "button", hidden: true, onclick: () => void turn() }, icon("flip"), t("cameraFlip"));
  const torch = h("button", { type: "button", hidden: true, "aria-pressed": "false", onclick: () => void light() });
  const save = h("button", { type: "button", hidden: true, onclick: () => void keep() }, icon("save"), t("cameraSave"));
  let seen: { picture: Picture; input: Uint8Array; answer: Answer } | null = null; // the last square, and what it was called
  const why = whyButton(context, () => Promise.resolve(seen));
  const noWhy = why.hidden;
  let paused = false;
  let resumeOnEnter = false;
  let loop = 0; // each start makes the loops before it stop

  function setPaused(value: boolean): void {
    paused = value;
    pause.replaceChildren(h("span", { class: "shutter-ring" }), h("span", { class: "shutter-name" }, t(value ? "cameraResume" : "cameraShutter")));
    save.hidden = !value || !seen;
    why.hidden = save.hidden || noWhy;
    camera.stage.classList.toggle("paused", value);
    if (!camera.running) return;
    if (value) camera.video.pause();
    else void camera.video.play().then(() => run(++loop), () => undefined); // refused only when a stop came first
  }

  async function keep(): Promise<void> {
    if (!seen) return;
    const when = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
    download(`${slug(headOf(seen.answer))}-${when}.png`, "image/png", await pngOf(seen.picture));
  }

  function showTorch(): void {
    torch.hidden = !camera.hasTorch;
    torch.setAttribute("aria-pressed", String(camera.torchOn));
    torch.replaceChildren(icon("torch"), t(camera.torchOn ? "cameraTorchOff" : "cameraTorchOn"));
  }

  async function light(): Promise<void> {
    await camera.setTorch(!camera.torchOn).catch(() => undefined);
    showTorch();
  }

  async function opened(open: () => Promise<boolean>): Promise<void> {
    problem.hidden = true;
    start.disabled = true;
    try {
      if (!(await open())) return;
      const cameras = await Camera.count();
      if (!camera.running) return; // left meanwhile
      start.hidden = true;
      pause.hidden = false;
      flip.hidden = cameras < 2;
      showTorch();
      setPaused(false);
    } catch (error) {
      stop();
      problem.textContent = error instanceof CameraProblem ? error.text : t("cameraOther", { reason: String(error) });
      problem.hidden = false;
    } finally {
      start.disabled = false;
    }
  }

  const begin = () => opened(() => camera.start());
  const turn = () => opened(() => camera.flip());

  function stop(): void {
    ++loop;
    camera.stop();
    start.hidden = false;
    pause.hidden = flip.hidden = torch.hidden = save.hidden = why.hidden = true;
    seen = null;
    speed.textContent = "";
    panel.clear(t("cameraWaiting"));
  }

  async function run(own: number): Promise<void> {
    while (own === loop && camera.running && !paused) {
      const begun = performance.now();
      if (camera.hasFrame && !document.hidden) {
        const picture = grabFrame(camera.video, fit);
        const input = context.pixels.fitResize(picture, size_px, fit);
        const scores = await context.classifier.classify(input);
        if (own !== loop || paused) return;
        const answer = answerOf(scores, preprocess);
        seen = { picture, input, answer };
        panel.show(answer);
        speed.textContent = t("cameraSpeed", { ms: number(performance.now() - begun) });
      }
      const rest = Math.max(0, LEAST_MS - (performance.now() - begun));
      await new Promise((done) => setTimeout(done, rest));
    }
  }

  camera.stage.addEventListener("click", () => camera.running && setPaused(!paused));
  // A phone that locks its screen takes the camera away: ask anew when the page is seen again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && camera.running) {
      resumeOnEnter = !paused;
      stop();
    } else if (!document.hidden && resumeOnEnter && element.isConnected) {
      resumeOnEnter = false;
      void begin();
    }
  });

  const element = h("div", { class: "screen camera" },
    h("div", { class: "camera-main" }, h("h1", {}, t("cameraTitle")), h("p", { class: "intro" }, t("cameraIntro")), camera.stage,
      h("div", { class: "actions" }, start, flip, pause, torch, save, why), problem),
    h("div", { class: "camera-side" }, panel.element, notice ? h("p", { class: "notice" }, notice) : null, tips(context.bundle.app), knows(context), speed));
  setPaused(false);
  return {
    element,
    leave() {
      resumeOnEnter = false;
      stop();
    },
  };
}
