// The self-check screen.
import { h } from "../dom";
import { language, number, percent, t } from "../i18n";
import { phoneRecord, savePhoneRecord } from "../phone";
import type { Context, Screen } from "../screen";
import type { CheckResult, CheckRow } from "../selfcheck";

function goldenText(result: CheckResult): HTMLElement {
  const { golden } = result;
  if (golden.failures.length === 0 && golden.vectors === golden.expectedVectors) {
    return h("p", { class: "good" }, t("checkPixelsGood", {
      count: golden.vectors, total: golden.expectedVectors, bytes: golden.differingBytes, levels: golden.worstJpegLevels,
    }));
  }
  return h("div", { class: "bad" },
    h("p", {}, t("checkPixelsBad", { count: golden.failures.length, total: golden.expectedVectors })),
    h("ul", { class: "mono" }, ...golden.failures.slice(0, 10).map((line) => h("li", {}, line))));
}

function row(context: Context, entry: CheckRow): HTMLElement {
  const src = `${context.base}bundle/check/${entry.file}`;
  return h("tr", {},
    h("td", {}, h("img", { class: "thumb", src, alt: t("checkPicture") + " " + entry.file, loading: "lazy", width: 48, height: 48 })),
    h("td", {}, entry.label),
    h("td", {}, `${entry.computer} ${percent(entry.computerScore)}`),
    h("td", {}, entry.error ? entry.error : `${entry.here} ${percent(entry.hereScore)}`),
    h("td", { class: "number" }, Number.isFinite(entry.difference) ? number(entry.difference) : "–"),
    h("td", {}, h("span", { class: entry.passed ? "good" : "bad" }, t(entry.passed ? "checkYes" : "checkNo"))));
}

function table(context: Context, rows: CheckRow[]): HTMLElement {
  const heads = ["checkPicture", "checkTruth", "checkComputer", "checkHere", "checkDifference", "checkVerdict"] as const;
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("checkHoldout") },
    h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, ...rows.map((entry) => row(context, entry)))));
}

// What this browser's own check cannot make good.
function missed(context: Context): HTMLElement[] {
  const { verdict } = context.bundle.app;
  return verdict && verdict.passed < verdict.of ? [h("p", { class: "verdict is-bad" }, t("verdictMissed", verdict))] : [];
}

function resultView(context: Context, result: CheckResult): HTMLElement[] {
  const passed = result.rows.filter((entry) => entry.passed).length;
  const insecure = result.rows.some((entry) => entry.samePixels === null);
  const holdout = result.rows.length === 0
    ? h("p", { class: "quiet" }, t("checkHoldoutNone"))
    : h("p", { class: passed === result.rows.length ? "good" : "bad" }, t("checkHoldoutLine", {
        passed, total: result.rows.length, difference: number(result.worstDifference), tolerance: number(result.tolerance),
      }));
  return [
    h("p", { class: "verdict " + (result.passed ? "is-good" : "is-bad"), role: "status" }, t(result.passed ? "checkGood" : "checkBad")),
    ...(result.passed ? [] : [h("p", {}, t("checkBadHint"))]),
    ...missed(context),
    h("h2", {}, t("checkPixels")),
    goldenText(result),
    h("h2", {}, t("checkHoldout")),
    holdout,
    ...(insecure ? [h("p", { class: "quiet" }, t("checkInsecure"))] : []),
    ...(result.rows.length > 0 ? [h("p", { class: "quiet" }, t("checkSpeed", { ms: number(result.milliseconds) })), table(context, result.rows)] : []),
    h("p", { class: "quiet" }, t("checkWhen", { time: new Date(result.time).toLocaleString(language) })),
  ];
}

export function checkScreen(context: Context): Screen {
  const view = h("div", { class: "check-view" });
  const progress = h("p", { class: "quiet", role: "status" });
  const again = h("button", { type: "button", onclick: () => void context.runCheck() }, t("checkRun"));
  const save = h("button", {
    type: "button",
    disabled: true,
    onclick: () => {
      const result = context.checkResult();
      if (result) savePhoneRecord(context, phoneRecord(context, { check: result }), "self-check");
    },
  }, t("checkExport"));

  function show(): void {
    const result = context.checkResult();
    save.disabled = !result;
    view.replaceChildren(...(result ? resultView(context, result) : []));
  }

  context.onCheck((done, total) => {
    const finished = done < 0;
    progress.textContent = finished ? "" : t("checkRunning", { done, total });
    again.disabled = !finished;
    if (finished) show();
  });
  const element = h("div", { class: "screen" }, h("h1", {}, t("checkTitle")), h("p", { class: "intro" }, t("checkIntro")),
    h("div", { class: "actions" }, again, save), progress, view);
  return { element, enter: show };
}
