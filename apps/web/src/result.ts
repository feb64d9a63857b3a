// The answer as people see it: label, confidence bar, best answers. Used by the camera and by the field test.
import type { Answer } from "./classifier";
import { bar, h } from "./dom";
import { eitherOf, percent, t } from "./i18n";

// What people read first, and what stands beside it.
export function headOf(answer: Answer): string {
  if (answer.refer) return t("refer");
  return answer.notSure ? t("notSure") : answer.label;
}
export function detailOf(answer: Answer): string {
  if (answer.refer) return t("referPossibly", { label: answer.refer.label, percent: percent(answer.refer.score) });
  return answer.notSure ? perhaps(answer) : percent(answer.score);
}

// More names than this would be no answer.
const NAMED = 3;
function perhaps({ label, possible }: Answer): string {
  if (!possible) return t("perhaps", { label });
  return possible.length === 0 || possible.length > NAMED ? "" : t("perhaps", { label: eitherOf(possible) });
}

export class ResultPanel {
  readonly element: HTMLElement;
  private readonly label = h("p", { class: "result-label" });
  private readonly value = h("span", { class: "result-value" });
  private readonly bar = bar(t("confidence"));
  private readonly rows: { element: HTMLElement; name: HTMLElement; value: HTMLElement; bar: ReturnType<typeof bar> }[] = [];
  // Screen readers hear the answer when it changes, not at every frame.
  private readonly spoken = h("p", { class: "visually-hidden", "aria-live": "polite" });
  private lastSpoken = "";
  private lastSpokenAt = 0;

  constructor(count: number) {
    const list = h("ol", { class: "top", "aria-label": t("topThree") });
    for (let i = 0; i < count; ++i) {
      const name = h("span", { class: "top-name" });
      const value = h("span", { class: "top-value" });
      const share = bar(`${t("confidence")} ${i + 1}`);
      const element = h("li", { hidden: true }, name, share.element, value);
      this.rows.push({ element, name, value, bar: share });
      list.append(element);
    }
    this.element = h("section", { class: "result", "aria-label": t("topThree") },
      h("div", { class: "result-head" }, this.label, this.value), this.bar.element, list, this.spoken);
    this.clear(t("cameraWaiting"));
  }

  clear(text: string): void {
    this.label.textContent = text;
    this.value.textContent = "";
    this.element.dataset.state = "waiting";
    this.bar.set(0, "");
    for (const row of this.rows) row.element.hidden = true;
  }

  show(answer: Answer): void {
    this.element.dataset.state = answer.refer ? "refer" : answer.notSure ? "not-sure" : "sure";
    const text = headOf(answer);
    this.label.textContent = text;
    this.value.textContent = detailOf(answer);
    this.bar.set(answer.score, t("confidenceValue", { label: answer.label, percent: percent(answer.score) }));
    this.rows.forEach((row, i) => {
      const entry = answer.top[i];
      row.element.hidden = !entry;
      if (!entry) return;
      row.name.textContent = entry.label;
      row.value.textContent = percent(entry.score);
      row.bar.set(entry.score, `${entry.label}, ${percent(entry.score)}`);
    });
    const now = performance.now();
    if (text !== this.lastSpoken && now - this.lastSpokenAt > 1500) {
      this.spoken.textContent = text;
      this.lastSpoken = text;
      this.lastSpokenAt = now;
    }
  }
}
