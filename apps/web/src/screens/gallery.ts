// The pictures screen: many files, their answers, a count against true labels, CSV.
import { type Answer, answerOf } from "../classifier";
import { decodeFile, isHeic } from "../decode";
import { bar, download, h, icon } from "../dom";
import { type PictureFile, fromInput, fromTransfer, looksLikePicture, truthOf } from "../files";
import { percent, t } from "../i18n";
import { slug } from "../phone";
import { Refusal } from "../refusal";
import { detailOf, headOf } from "../result";
import type { Context, Screen } from "../screen";
import { csvLine, tallyOf } from "../tally";
import { tallyView } from "../tallyview";
import { whyButton } from "../whyview";

// Rows drawn at a time: a folder of thousands must not make thousands of pictures on the page.
const PAGE = 100;

interface Row {
  path: string;
  file: File;
  truth: string;
  answer: Answer | null;
  scores: number[];
  error: string;
}

// In the user's language: what browsers say themselves is English nearly everywhere.
function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return t(error.key, error.facts);
  if (error instanceof DOMException) return t("galleryUnreadable");
  return t("refuseOther", { reason: error instanceof Error ? error.message : String(error) });
}

class Gallery {
  private rows: Row[] = [];
  private skipped = 0;
  private shown = 0;
  private working = false;
  private urls: string[] = [];
  private queue: PictureFile[] = [];
  private queued = 0;

  private readonly list = h("ul", { class: "pictures" });
  private readonly progress = h("p", { class: "quiet", role: "status" });
  private readonly meter = h("progress", { hidden: true, max: 1, value: 0, "aria-label": t("galleryTitle") });
  private readonly tally = h("section", { class: "card", "aria-label": t("galleryTally"), hidden: true });
  private readonly hint = h("p", { class: "quiet", hidden: true }, t("galleryTallyNone"));
  private readonly more = h("button", { type: "button", hidden: true, onclick: () => this.draw(PAGE) });
  private readonly stop = h("button", { type: "button", hidden: true, onclick: () => { this.queue = []; } }, t("galleryStop"));
  private readonly clear = h("button", { type: "button", hidden: true, onclick: () => this.reset() }, t("galleryClear"));
  private readonly save = h("button", { type: "button", hidden: true, onclick: () => this.saveCsv() }, t("galleryCsv"));
  readonly element: HTMLElement;

  constructor(private readonly context: Context) {
    const files = h("input", { type: "file", multiple: true, accept: "image/*", class: "visually-hidden", tabindex: -1, "aria-hidden": "true", "data-input": "files" });
    const folder = h("input", { type: "file", multiple: true, class: "visually-hidden", tabindex: -1, "aria-hidden": "true", "data-input": "folder" });
    folder.webkitdirectory = true;
    const taken = h("input", { type: "file", accept: "image/*", capture: "environment", class: "visually-hidden", tabindex: -1, "aria-hidden": "true", "data-input": "taken" });
    for (const input of [files, folder, taken]) {
      input.addEventListener("change", () => {
        this.add(fromInput(input));
        input.value = "";
      });
    }
    const drop = h("div", { class: "drop" }, icon("gallery"), h("p", { class: "hint" }, t("galleryDrop")), h("p", { class: "quiet hint" }, t("galleryFolderHint")),
      h("div", { class: "actions" },
        h("button", { class: "primary", type: "button", onclick: () => files.click() }, t("galleryChoose")),
        h("button", { type: "button", onclick: () => taken.click() }, icon("camera"), t("galleryTake")),
        h("button", { type: "button", onclick: () => folder.click() }, t("galleryFolder"))), files, folder, taken);
    const { notice } = context.bundle.app.preprocess;
    this.element = h("div", { class: "screen gallery" }, h("h1", {}, t("galleryTitle")), h("p", { class: "intro hint" }, t("galleryIntro")),
      drop, notice ? h("p", { class: "notice" }, notice) : null, this.meter, this.progress,
      h("div", { class: "actions" }, this.stop, this.save, this.clear), this.tally, this.list, this.more, this.hint);
    this.takeDrops(drop);
  }

  private takeDrops(drop: HTMLElement): void {
    const page = this.element;
    page.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    page.addEventListener("dragleave", () => drop.classList.remove("over"));
    page.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer) void fromTransfer(event.dataTransfer).then((found) => this.add(found));
    });
    document.addEventListener("paste", (event) => {
      if (!page.isConnected || !event.clipboardData) return;
      void fromTransfer(event.clipboardData).then((found) => this.add(found));
    });
  }

  private add(found: PictureFile[]): void {
    const pictures = found.filter(({ file }) => looksLikePicture(file));
    this.skipped += found.length - pictures.length;
    this.queue.push(...pictures);
    this.queued += pictures.length;
    this.update();
    if (!this.working) void this.work();
  }

  private async work(): Promise<void> {
    this.working = true;
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      this.rows.push(await this.classify(next));
      if (this.shown < PAGE) this.draw(1);
      this.update();
      // Lets the page draw and take clicks between pictures.
      await new Promise((done) => setTimeout(done));
    }
    this.working = false;
    this.queued = this.rows.length;
    this.update();
  }

  private async classify({ file, path }: PictureFile): Promise<Row> {
    const { preprocess } = this.context.bundle.app;
    const { labels } = preprocess;
    const row: Row = { path, file, truth: truthOf(path, labels), answer: null, scores: [], error: "" };
    try {
      row.scores = await this.context.classifier.classify(await this.inputOf(file));
      row.answer = answerOf(row.scores, preprocess);
    } catch (error) {
      row.error = (await isHeic(file)) ? t("galleryHeic") : reasonOf(error);
    }
    return row;
  }

  private async inputOf(file: File): Promise<Uint8Array> {
    const { size_px, fit } = this.context.bundle.app.preprocess;
    return this.context.pixels.fitResize(await decodeFile(file, fit), size_px, fit);
  }

  private update(): void {
    const busy = this.working || this.queue.length > 0;
    const done = this.rows.length;
    this.element.classList.toggle("has-pictures", done > 0 || busy); // the answers come to the top of the screen
    this.stop.hidden = !busy;
    this.clear.hidden = busy || done === 0;
    this.save.hidden = busy || done === 0;
    this.meter.hidden = !busy;
    this.meter.max = Math.max(1, this.queued);
    this.meter.value = done;
    const status = busy ? t("galleryProgress", { done, total: this.queued }) : done > 0 ? t("galleryDone", { count: done }) : "";
    this.progress.textContent = [status, this.skipped > 0 ? t("gallerySkipped", { count: this.skipped }) : ""].filter(Boolean).join(" ");
    const left = this.rows.length - this.shown;
    this.more.hidden = left <= 0;
    this.more.textContent = t("galleryMore", { count: Math.min(PAGE, left) });
    if (!busy) this.count();
  }

  private count(): void {
    const { labels } = this.context.bundle.app.preprocess;
    const counted = this.rows.filter((row) => row.answer && row.truth)
      .map((row) => ({ truth: row.truth, predicted: row.answer!.label, notSure: row.answer!.notSure }));
    this.tally.hidden = counted.length === 0;
    this.hint.hidden = this.rows.length === 0 || counted.length > 0;
    this.tally.replaceChildren(h("h2", {}, t("galleryTally")), tallyView(tallyOf(counted, labels)));
  }

  private draw(count: number): void {
    for (const row of this.rows.slice(this.shown, this.shown + count)) {
      this.list.append(this.rowView(row));
      ++this.shown;
    }
    this.update();
  }

  private rowView(row: Row): HTMLElement {
    const url = URL.createObjectURL(row.file);
    this.urls.push(url);
    const picture = h("img", { src: url, alt: "", loading: "lazy", decoding: "async", width: 72, height: 72 });
    const name = h("p", { class: "picture-name" }, row.path);
    if (!row.answer) return h("li", { class: "picture failed" }, picture, h("div", { class: "picture-text" }, name, h("p", { class: "bad" }, row.error)));
    const { answer } = row;
    const share = bar(t("confidence"));
    share.set(answer.score, t("confidenceValue", { label: answer.label, percent: percent(answer.score) }));
    const mark = h("span", { class: "mark" });
    const item = h("li", { class: "picture" }, picture,
      h("div", { class: "picture-text" },
        h("p", { class: "picture-answer" }, h("strong", {}, headOf(answer)), " ", h("span", { class: "picture-value" }, detailOf(answer)), " ", mark),
        share.element,
        h("p", { class: "quiet picture-others" }, answer.top.map((entry) => `${entry.label} ${percent(entry.score)}`).join(" · ")),
        name, h("div", { class: "picture-actions" }, whyButton(this.context, async () => ({ input: await this.inputOf(row.file), answer }))), this.truthChoice(row, (update) => { update(mark, item); })));
    return item;
  }

  private truthChoice(row: Row, paint: (update: (mark: HTMLElement, item: HTMLElement) => void) => void): HTMLElement {
    const { labels } = this.context.bundle.app.preprocess;
    const choice = h("select", { "aria-label": t("galleryTruth", { file: row.path }) },
      h("option", { value: "" }, t("galleryTruthNone")), ...labels.map((label) => h("option", { value: label }, label)));
    choice.value = row.truth;
    const show = () => paint((mark, item) => {
      const right = row.truth === "" ? null : row.truth === row.answer?.label;
      item.dataset.right = right === null ? "" : String(right);
      mark.textContent = right === null ? "" : t(right ? "galleryRight" : "galleryWrong");
    });
    choice.addEventListener("change", () => {
      row.truth = choice.value;
      show();
      this.count();
    });
    queueMicrotask(show);
    return choice;
  }

  private saveCsv(): void {
    const { labels } = this.context.bundle.app.preprocess;
    const lines = [csvLine(["picture", "label", "predicted", "not_sure", "error", ...labels])];
    for (const row of this.rows) {
      const notSure = row.answer ? (row.answer.notSure ? "yes" : "no") : "";
      const scores = row.answer ? row.scores : labels.map(() => "");
      lines.push(csvLine([row.path, row.truth, row.answer?.label ?? "", notSure, row.error, ...scores]));
    }
    download(`${slug(this.context.bundle.app.name)}-pictures.csv`, "text/csv", lines.join("\r\n") + "\r\n");
  }

  private reset(): void {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
    this.rows = [];
    this.shown = this.skipped = this.queued = 0;
    this.list.replaceChildren();
    this.update();
  }
}

export function galleryScreen(context: Context): Screen {
  return { element: new Gallery(context).element };
}
