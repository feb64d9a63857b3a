// Starts the app: bundle, pixels, model; then the frame with its screens; then the self-check, the first time.
import { Classifier } from "./classifier";
import { loadBundle } from "./bundle";
import { h, icon } from "./dom";
import { type Key, direction, language, t } from "./i18n";
import { Pixels } from "./pixels";
import { Refusal } from "./refusal";
import type { Context, Screen } from "./screen";
import { aboutScreen } from "./screens/about";
import { cameraScreen } from "./screens/camera";
import { checkScreen } from "./screens/check";
import { fieldScreen } from "./screens/field";
import { galleryScreen } from "./screens/gallery";
import { moreScreen } from "./screens/more";
import { type CheckResult, type Parts, runSelfCheck } from "./selfcheck";

const BASE = new URL("./", location.href).href;

// Three tabs; what people need seldom lies behind the last.
const TABS = ["camera", "gallery", "more"] as const;
type Tab = (typeof TABS)[number];
const SCREENS = {
  camera: { title: "tabCamera", make: cameraScreen, tab: "camera" },
  gallery: { title: "tabGallery", make: galleryScreen, tab: "gallery" },
  more: { title: "tabMore", make: moreScreen, tab: "more" },
  field: { title: "tabField", make: fieldScreen, tab: "more" },
  check: { title: "tabCheck", make: checkScreen, tab: "more" },
  about: { title: "tabAbout", make: aboutScreen, tab: "more" },
} as const satisfies Record<string, { title: Key; make: (context: Context) => Screen; tab: Tab }>;
type Name = keyof typeof SCREENS;

function isName(name: string): name is Name {
  return name in SCREENS;
}

// The self-check's last result, kept as long as model and browser stay the same.
function makeContext(parts: Parts): Context {
  const key = `handlens:check:${parts.bundle.app.model_sha256}`;
  const listeners = new Set<(done: number, total: number) => void>();
  const tell = (done: number, total: number) => listeners.forEach((listener) => listener(done, total));
  let running: Promise<CheckResult> | null = null;
  let result: CheckResult | null = null;
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "null") as CheckResult | null;
    if (stored?.browser === navigator.userAgent && stored.model_sha256 === parts.bundle.app.model_sha256) result = stored;
  } catch {
    result = null; // an unreadable record counts as none
  }
  return {
    ...parts,
    checkResult: () => result,
    onCheck(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    runCheck() {
      running ??= runSelfCheck(parts, tell)
        .then((found) => {
          result = found;
          localStorage.setItem(key, JSON.stringify(found));
          return found;
        })
        .finally(() => {
          running = null;
          tell(-1, 0);
        });
      return running;
    },
  };
}

function statusChip(context: Context): HTMLElement {
  const chip = h("a", { class: "chip", href: "#check" });
  const show = (state: "none" | "running" | "good" | "bad", text: string) => {
    chip.dataset.state = state;
    chip.textContent = text;
    chip.setAttribute("aria-label", t("statusTitle", { state: text }));
  };
  const settle = () => {
    const result = context.checkResult();
    const { verdict } = context.bundle.app;
    if (!result) show("none", t("statusNone"));
    else if (!result.passed) show("bad", t("statusBad"));
    else if (verdict && verdict.passed < verdict.of) show("bad", t("statusMissed", verdict));
    else show("good", t("statusGood"));
  };
  context.onCheck((done, total) => (done < 0 ? settle() : show("running", t("statusRunning", { done, total }))));
  settle();
  return chip;
}

function buildFrame(root: HTMLElement, context: Context): void {
  const main = h("main", { id: "main", tabindex: -1 });
  const made = new Map<Name, Screen>();
  const links = new Map<Tab, HTMLElement>();
  for (const name of TABS) {
    links.set(name, h("a", { href: `#${name}`, class: "tab" }, icon(name), h("span", {}, t(SCREENS[name].title))));
  }
  let current: Screen | null = null;

  function show(focus: boolean): void {
    const wanted = location.hash.slice(1);
    const name: Name = isName(wanted) ? wanted : "camera";
    const screen = made.get(name) ?? SCREENS[name].make(context);
    made.set(name, screen);
    if (screen === current) return;
    current?.leave?.();
    main.replaceChildren(screen.element);
    current = screen;
    screen.enter?.();
    for (const [other, link] of links) {
      if (other === SCREENS[name].tab) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    root.dataset.screen = name;
    document.title = `${t(SCREENS[name].title)} – ${context.bundle.app.name}`;
    window.scrollTo(0, 0);
    if (focus) main.focus();
  }

  const updates = h("div", { class: "update", role: "status", hidden: true });
  root.replaceChildren(h("a", { class: "skip", href: "#main", onclick: (event: Event) => { event.preventDefault(); main.focus(); } }, t("skip")),
    h("header", { class: "top-bar" }, h("p", { class: "app-name" }, context.bundle.app.name), statusChip(context)),
    h("nav", { class: "tabs", "aria-label": t("navigation") }, ...links.values()), updates, main);
  window.addEventListener("hashchange", () => show(true));
  show(false);
  keepOffline(updates);
}

// Registers the service worker; tells when a newer pack waits.
function keepOffline(updates: HTMLElement): void {
  if (!navigator.serviceWorker) return;
  const offer = (waiting: ServiceWorker) => {
    updates.replaceChildren(t("updateReady") + " ", h("button", { type: "button", onclick: () => waiting.postMessage("take-over") }, t("updateNow")));
    updates.hidden = false;
  };
  // The first worker takes an open page over without a reload; a later one brings other files.
  let controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (controlled) location.reload();
    controlled = true;
  });
  navigator.serviceWorker.register("sw.js").then((registration) => {
    if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker);
      });
    });
  }).catch(() => undefined); // a certificate that the browser does not trust: the app runs, but not offline
}

function refuse(root: HTMLElement, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  const text = error instanceof Refusal ? t(error.key, error.facts) : t("refuseOther", { reason });
  root.replaceChildren(h("main", { class: "refusal" }, h("h1", {}, t("refuseTitle")), h("p", { role: "alert" }, text), h("p", { class: "quiet" }, t("refuseHint"))));
}

async function start(): Promise<void> {
  document.documentElement.lang = language;
  document.documentElement.dir = direction;
  const root = document.getElementById("app")!;
  root.replaceChildren(h("main", { class: "loading" }, h("p", { role: "status" }, t("loading"))));
  try {
    const [bundle, pixels] = await Promise.all([loadBundle(BASE + "bundle/"), Pixels.load(BASE + "pixels.wasm")]);
    const classifier = await Classifier.load(bundle, pixels, BASE + "runtime/litert_wasm_compat_internal.js");
    const context = makeContext({ bundle, pixels, classifier, base: BASE });
    buildFrame(root, context);
    performance.mark("handlens-ready");
    const first = context.checkResult() === null;
    const result = first ? await context.runCheck() : context.checkResult();
    if (first && result && !result.passed) location.hash = "#check";
  } catch (error) {
    refuse(root, error);
  }
}

void start();
