// What people need seldom: the field test, the self-check, facts of the model, the language.
import { h, icon } from "../dom";
import { type Key, type Language, LANGUAGES, MACHINE_MADE, chooseLanguage, language, t } from "../i18n";
import type { Context, Screen } from "../screen";

const PLACES = [
  ["field", "tabField", "moreField"],
  ["check", "tabCheck", "moreCheck"],
  ["about", "tabAbout", "moreAbout"],
] as const satisfies readonly (readonly ["field" | "check" | "about", Key, Key])[];

function languageChoice(): HTMLElement {
  const choice = h("select", {}, ...LANGUAGES.map(([code, name]) => h("option", { value: code, lang: code }, name)));
  choice.value = language;
  choice.addEventListener("change", () => {
    chooseLanguage(choice.value as Language);
    location.reload();
  });
  return h("label", { class: "field" }, h("span", {}, t("aboutLanguage")), choice);
}

export function moreScreen(context: Context): Screen {
  const { notice } = context.bundle.app.preprocess;
  const element = h("div", { class: "screen more" }, h("h1", {}, t("tabMore")),
    notice ? h("p", { class: "notice" }, notice) : null,
    h("ul", { class: "places" }, ...PLACES.map(([name, title, text]) =>
      h("li", {}, icon(name), h("div", {}, h("a", { href: `#${name}` }, t(title)), h("p", { class: "quiet" }, t(text)))))),
    languageChoice(),
    MACHINE_MADE.has(language) ? h("p", { class: "quiet" }, t("moreMachineMade")) : null,
    h("p", { class: "quiet" }, t("aboutPrivacy")));
  return { element };
}
