// A tally as a sentence and a table.
import { h } from "./dom";
import { percent, percentFine, t } from "./i18n";
import type { Tally } from "./tally";

export function tallyView(tally: Tally): HTMLElement {
  const [low, high] = tally.interval;
  const heads = ["tallyClass", "tallyRight", "tallyOf", "tallyShare"] as const;
  return h("div", { class: "tally" },
    h("p", { class: "tally-line" }, t("tallyLine", { correct: tally.correct, n: tally.n, accuracy: percentFine(tally.correct / tally.n) })),
    h("p", { class: "quiet" }, t("tallyInterval", { low: percentFine(low), high: percentFine(high) }) + ". " + t("tallyNotSure", { count: tally.notSure })),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("tallyClass") },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))),
        h("tbody", {}, ...tally.perClass.map((row) => h("tr", {}, h("td", {}, row.label), h("td", { class: "number" }, String(row.correct)),
          h("td", { class: "number" }, String(row.n)), h("td", { class: "number" }, percent(row.correct / row.n))))))));
}
