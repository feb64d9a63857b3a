// The camera screen: live answers for the square in the middle of the frame.
import { Camera, CameraProblem } from "../camera";
import { answerOf } from "../classifier";
import { grabFrame } from "../decode";
import { h, icon } from "../dom";
import { number, t } from "../i18n";
import { ResultPanel } from "../result";
import type { Context, Screen } from "../screen";

// At most this many answers a second: faster than eyes follow, easy on the battery.
const LEAST_MS = 66;

export function tips(): HTMLElement {
  return h("details", { class: "tips" }, h("summary", {}, t("tipsTitle")),
    h("ul", {}, ...(["tipSize", "tipDistance", "tipPlace", "tipBackground"] as const).map((key) => h("li", {}, t(key)))));
}

export function cameraScreen(context: Context): Screen {
  const { labels, size_px, fit, not_sure_below, notice } = context.bundle.app.preprocess;
  const camera = new Camera(fit);
  const panel = new ResultPanel(Math.min(3, labels.length));
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const speed = h("p", { class: "quiet speed" });
  const start = h("button", { class: "primary", type: "button", onclick: () => void begin() }, icon("camera"), t("cameraStart"));
  const pause = h("button", { type: "button", hidden: true, onclick: () => setPaused(!paused) });
  const flip = h("button", { type: "button", hidden: true, onclick: () => void turn() }, icon("flip"), t("cameraFlip"));
  const torch = h("button", { type: "button", hidden: true, "aria-pressed": "false", onclick: () => void light() });
  let paused = false;
  let resumeOnEnter = false;
  let loop = 0; // each start makes the loops before it stop

  function setPaused(value: boolean): void {
    paused = value;
    pause.replaceChildren(icon(value ? "play" : "pause"), t(value ? "cameraResume" : "cameraPause"));
    camera.stage.classList.toggle("paused", value);
    if (!camera.running) return;
    if (value) camera.video.pause();
    else void camera.video.play().then(() => run(++loop), () => undefined); // refused only when a stop came first
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
    pause.hidden = flip.hidden = torch.hidden = true;
    speed.textContent = "";
    panel.clear(t("cameraWaiting"));
  }

  async function run(own: number): Promise<void> {
    while (own === loop && camera.running && !paused) {
      const begun = performance.now();
      if (camera.hasFrame && !document.hidden) {
        const input = context.pixels.fitResize(grabFrame(camera.video, fit), size_px, fit);
        const scores = await context.classifier.classify(input);
        if (own !== loop || paused) return;
        panel.show(answerOf(scores, labels, not_sure_below));
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
      h("div", { class: "actions" }, start, pause, flip, torch), problem),
    h("div", { class: "camera-side" }, panel.element, speed, notice ? h("p", { class: "notice" }, notice) : null, tips()));
  setPaused(false);
  return {
    element,
    leave() {
      resumeOnEnter = false;
      stop();
    },
  };
}
