// The field test screen: the paper's real-time protocol, step by step.
import { Camera, CameraProblem } from "../camera";
import { answerOf } from "../classifier";
import { grabFrame, jpegOf, pngOf } from "../decode";
import { download, h, icon } from "../dom";
import { FieldPhotos, zipOf } from "../fieldphotos";
import { BACKGROUNDS, type Conditions, DISTANCES, FieldTest, PLACES } from "../fieldtest";
import { type Key, percent, t } from "../i18n";
import type { Picture } from "../pixels";
import { fieldFileName, phoneRecord, savePhoneRecord, slug } from "../phone";
import type { Context, Screen } from "../screen";
import { tallyOf } from "../tally";
import { tallyView } from "../tallyview";
import { tips } from "./camera";

const DISTANCE_KEYS = { fills: "fieldFills", half: "fieldHalf", quarter: "fieldQuarter" } as const;
const PLACE_KEYS = { centre: "fieldCentre", edge: "fieldEdge" } as const;
const BACKGROUND_KEYS = { usual: "fieldUsual", plain: "fieldPlain", busy: "fieldBusy" } as const;
const DEVICE = "handlens:device";
const KEEP = "handlens:field-keep";

function labelled(text: string, control: HTMLElement): HTMLElement {
  return h("label", { class: "field" }, h("span", {}, text), control);
}

function choice<V extends string>(values: readonly V[], names: Record<V, Key>): HTMLSelectElement {
  return h("select", {}, ...values.map((value) => h("option", { value }, t(names[value]))));
}

class FieldScreen implements Screen {
  readonly element: HTMLElement;
  private readonly test: FieldTest;
  private readonly photos: FieldPhotos;
  private readonly camera: Camera;
  private conditions: Conditions | null = null;
  private wanted = 0;
  private taken = 0;
  private right = 0;
  private series = 0;
  private busy = false;

  private readonly label: HTMLSelectElement;
  private readonly distance = choice(DISTANCES, DISTANCE_KEYS);
  private readonly place = choice(PLACES, PLACE_KEYS);
  private readonly background = choice(BACKGROUNDS, BACKGROUND_KEYS);
  private readonly count = h("input", { type: "number", min: 1, max: 100, value: 5, inputmode: "numeric", required: true });
  private readonly device = h("input", { type: "text", maxlength: 80, autocomplete: "off" });
  private readonly keep = h("input", { type: "checkbox" });
  private readonly form: HTMLFormElement;
  private readonly shoot = h("button", { class: "primary shoot", type: "button", onclick: () => void this.shot() });
  private readonly shooting: HTMLElement;
  private readonly last = h("p", { class: "shot-result", role: "status" });
  private readonly problem = h("p", { class: "problem", role: "alert", hidden: true });
  private readonly results = h("section", { class: "card", "aria-label": t("fieldResults") });
  private readonly gate: HTMLElement;
  private readonly body: HTMLElement;

  constructor(private readonly context: Context) {
    const { app } = context.bundle;
    this.test = new FieldTest(app.model_sha256);
    this.photos = new FieldPhotos(app.model_sha256);
    this.camera = new Camera(app.preprocess.fit);
    this.label = h("select", {}, ...app.preprocess.labels.map((label) => h("option", { value: label }, label)));
    this.device.value = localStorage.getItem(DEVICE) ?? "";
    this.device.addEventListener("change", () => localStorage.setItem(DEVICE, this.device.value));
    this.keep.checked = localStorage.getItem(KEEP) === "yes";
    this.keep.addEventListener("change", () => localStorage.setItem(KEEP, this.keep.checked ? "yes" : "no"));
    this.form = h("form", { class: "card form" }, labelled(t("fieldClass"), this.label), labelled(t("fieldDistance"), this.distance),
      labelled(t("fieldPlace"), this.place), labelled(t("fieldBackground"), this.background), labelled(t("fieldShots"), this.count),
      labelled(t("fieldDevice"), this.device),
      h("div", {}, h("label", { class: "switch" }, this.keep, h("span", {}, t("fieldKeep"))), h("p", { class: "quiet" }, t("fieldKeepHow"))),
      h("button", { class: "primary", type: "submit" }, icon("camera"), t("fieldStart")));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.begin();
    });
    this.shooting = h("div", { class: "shooting", hidden: true }, this.camera.stage,
      h("div", { class: "actions" }, this.shoot, h("button", { type: "button", onclick: () => this.undo() }, t("fieldUndo")),
        h("button", { type: "button", onclick: () => this.end() }, t("fieldEnd"))),
      h("p", { class: "quiet" }, t("fieldKeys")));
    this.gate = h("p", { class: "notice" }, t("fieldGate") + " ", h("a", { href: "#check" }, t("fieldGateLink")));
    this.body = h("div", { class: "field-body" }, this.form, this.shooting, this.last, this.problem, tips(context.bundle.app), this.results);
    this.element = h("div", { class: "screen field-test" }, h("h1", {}, t("fieldTitle")), h("p", { class: "intro" }, t("fieldIntro")), this.gate, this.body);
    document.addEventListener("keydown", (event) => {
      const onControl = event.target instanceof HTMLElement && event.target.closest("button, input, select, a, summary, [tabindex]");
      if (event.code !== "Space" || !this.conditions || !this.element.isConnected || onControl) return;
      event.preventDefault();
      void this.shot();
    });
    context.onCheck(() => this.showGate());
    this.showResults();
  }

  enter(): void {
    this.showGate();
  }

  leave(): void {
    this.end();
  }

  // The gallery route comes before the camera route: a browser that sees other pixels would only measure its own fault.
  private showGate(): void {
    const open = this.context.checkResult()?.passed === true;
    this.gate.hidden = open;
    this.body.hidden = !open;
  }

  private async begin(): Promise<void> {
    this.problem.hidden = true;
    this.last.textContent = "";
    this.conditions = {
      label: this.label.value,
      distance: this.distance.value as Conditions["distance"],
      place: this.place.value as Conditions["place"],
      background: this.background.value as Conditions["background"],
    };
    this.wanted = Number(this.count.value);
    this.taken = this.right = 0;
    this.series = this.test.nextSeries();
    try {
      if (!(await this.camera.start())) return;
    } catch (error) {
      this.conditions = null;
      this.problem.textContent = error instanceof CameraProblem ? error.text : t("cameraOther", { reason: String(error) });
      this.problem.hidden = false;
      return;
    }
    this.form.hidden = true;
    this.shooting.hidden = false;
    this.showShot();
    this.shoot.focus();
  }

  private async shot(): Promise<void> {
    if (this.busy || !this.conditions || !this.camera.hasFrame) return;
    this.busy = true;
    const { preprocess } = this.context.bundle.app;
    const { size_px, fit } = preprocess;
    try {
      const begun = performance.now();
      // A whole frame gives the model the same pixels as the part that the fit uses.
      const keep = this.keep.checked;
      const frame = grabFrame(this.camera.video, keep ? "stretch" : fit);
      const input = this.context.pixels.fitResize(frame, size_px, fit);
      const scores = await this.context.classifier.classify(input);
      const answer = answerOf(scores, preprocess);
      const milliseconds = Math.round(10 * (performance.now() - begun)) / 10;
      const right = answer.label === this.conditions.label;
      const picture = keep ? await this.keepPhoto({ width: size_px, height: size_px, rgb: input }, frame) : undefined;
      this.test.add({
        ...this.conditions, series: this.series, camera: this.camera.side, at: new Date().toISOString(), predicted: answer.label,
        not_sure: answer.notSure, scores, milliseconds, ...(picture ? { picture } : {}),
      });
      ++this.taken;
      if (right) ++this.right;
      const verdict = t(right ? "galleryRight" : "galleryWrong");
      this.last.textContent = t("fieldLast", { label: answer.label, percent: percent(answer.score), verdict });
      this.last.dataset.right = String(right);
    } finally {
      this.busy = false;
    }
    this.showResults();
    if (this.taken < this.wanted) {
      this.showShot();
      return;
    }
    const { right, taken } = this;
    this.end();
    this.last.textContent += " " + t("fieldSeriesDone", { correct: right, n: taken });
  }

  // The photograph's number, or nothing where there is no room; the shot counts in any case.
  private async keepPhoto(seen: Picture, whole: Picture): Promise<number | undefined> {
    const number = this.test.nextPicture();
    const count = this.test.photographed().length;
    const photo = { seen: await (await pngOf(seen)).arrayBuffer(), whole: await (await jpegOf(whole)).arrayBuffer() };
    const kept = await this.photos.keep(number, photo, count);
    this.problem.textContent = t("fieldKeepFull", { count });
    this.problem.hidden = kept;
    return kept ? number : undefined;
  }

  private undo(): void {
    const shot = this.test.shots.at(-1);
    if (this.busy || this.taken === 0 || !shot) return;
    if (shot.picture) void this.photos.forget(shot.picture);
    this.test.undo();
    --this.taken;
    if (shot.predicted === shot.label) --this.right;
    this.last.textContent = "";
    this.showShot();
    this.showResults();
  }

  private end(): void {
    this.conditions = null;
    this.camera.stop();
    this.form.hidden = false;
    this.shooting.hidden = true;
    this.showResults();
  }

  private showShot(): void {
    this.shoot.textContent = t("fieldShot", { k: this.taken + 1, n: this.wanted });
  }

  private showResults(): void {
    const { shots } = this.test;
    const { labels } = this.context.bundle.app.preprocess;
    this.results.replaceChildren(h("h2", {}, t("fieldResults")));
    if (shots.length === 0) {
      this.results.append(h("p", { class: "quiet" }, t("fieldEmpty")));
      return;
    }
    const counted = shots.map((shot) => ({ truth: shot.label, predicted: shot.predicted, notSure: shot.not_sure }));
    const count = this.test.photographed().length;
    this.results.append(tallyView(tallyOf(counted, labels)), this.seriesTable(), h("div", { class: "actions" },
      count > 0 && h("button", { type: "button", onclick: () => void this.saveWithPhotos() }, t("fieldExportPhotos", { count })),
      h("button", { type: "button", onclick: () => this.save() }, t("fieldExport")),
      h("button", { type: "button", onclick: () => download(`${slug(this.context.bundle.app.name)}-field-test.csv`, "text/csv", this.test.csv()) }, t("fieldCsv")),
      h("button", { type: "button", class: "danger", onclick: () => this.remove() }, t("fieldDelete"))));
  }

  private seriesTable(): HTMLElement {
    const bySeries = new Map<number, typeof this.test.shots>();
    for (const shot of this.test.shots) bySeries.set(shot.series, [...(bySeries.get(shot.series) ?? []), shot]);
    const heads = ["fieldSeries", "fieldClass", "fieldDistance", "fieldPlace", "fieldBackground", "tallyRight", "tallyOf"] as const;
    const rows = [...bySeries.entries()].map(([series, shots]) => {
      const first = shots[0]!;
      const cells = [String(series), first.label, t(DISTANCE_KEYS[first.distance]), t(PLACE_KEYS[first.place]), t(BACKGROUND_KEYS[first.background]),
        String(shots.filter((shot) => shot.predicted === shot.label).length), String(shots.length)];
      return h("tr", {}, ...cells.map((cell) => h("td", {}, cell)));
    });
    return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("fieldSeries") },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, ...rows)));
  }

  private save(): void {
    const record = phoneRecord(this.context, { shots: this.test.sent(new Set()), device: this.device.value });
    savePhoneRecord(this.context, record, "field-test");
  }

  private async saveWithPhotos(): Promise<void> {
    const photos = await this.photos.kept(this.test.photographed());
    const record = phoneRecord(this.context, { shots: this.test.sent(new Set(photos.keys())), device: this.device.value });
    download(fieldFileName(this.context), "application/zip", zipOf(record, photos) as unknown as ArrayBuffer);
  }

  private remove(): void {
    if (!confirm(t("fieldDeleteAsk", { count: this.test.shots.length }))) return;
    this.test.clear();
    void this.photos.clear();
    this.last.textContent = "";
    this.showResults();
  }
}

export function fieldScreen(context: Context): Screen {
  return new FieldScreen(context);
}
