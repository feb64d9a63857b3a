// The about screen: notice, privacy, facts of the model, its card, language.
import { h } from "../dom";
import { direction, language, percent, percentFine, t } from "../i18n";
import { renderMarkdown } from "../markdown";
import { APP_VERSION } from "../phone";
import type { Context, Screen } from "../screen";

function facts(rows: [string, string][]): HTMLElement {
  return h("dl", { class: "facts" }, ...rows.filter(([, value]) => value !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export function aboutScreen(context: Context): Screen {
  const { app, card } = context.bundle;
  const { preprocess } = app;
  const offline = h("p", { class: "quiet" });
  // The card is English, whatever the app speaks.
  const cardView = h("section", { class: "card model-card", "aria-label": t("aboutCard"), lang: "en", dir: "ltr" },
    h("h2", { lang: language, dir: direction }, t("aboutCard")), renderMarkdown(card));
  const element = h("div", { class: "screen about" }, h("h1", {}, app.name),
    preprocess.notice ? h("section", { class: "notice", "aria-label": t("aboutNotice") }, preprocess.notice) : null,
    h("p", { class: "intro" }, t("aboutPrivacy")), h("p", { class: "quiet" }, t("aboutInstall")), offline,
    h("section", { class: "card", "aria-label": t("aboutModel") }, h("h2", {}, t("aboutModel")), facts([
      [t("aboutFile"), app.model_file],
      [t("aboutVersion"), preprocess.model_version],
      [t("aboutAuthor"), preprocess.author],
      [t("aboutLicense"), preprocess.license],
      [t("aboutInput"), t("aboutInputValue", { size: preprocess.size_px, fit: t(`fit_${preprocess.fit}`), type: app.input_type })],
      [t("aboutThreshold"), percent(preprocess.not_sure_below)],
      [t("aboutRefer"), preprocess.refer ? `${preprocess.refer.label} ${percentFine(preprocess.refer.from)}` : ""],
      [t("aboutFingerprint"), app.model_sha256],
    ]), h("details", {}, h("summary", {}, t("aboutClasses", { count: preprocess.labels.length })),
      h("ol", { class: "classes" }, ...preprocess.labels.map((label) => h("li", {}, label))))),
    card ? cardView : null,
    h("p", { class: "quiet" }, t("aboutSoftwareText", { version: APP_VERSION })));
  return {
    element,
    enter() {
      offline.textContent = t(navigator.serviceWorker?.controller ? "aboutOffline" : "aboutOnline");
    },
  };
}
