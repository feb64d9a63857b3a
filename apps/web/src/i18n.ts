// Which language the app speaks, and its sentences: the one table of words that all apps share (apps/words).
import ar from "../../words/ar.json";
import de from "../../words/de.json";
import en from "../../words/en.json";
import es from "../../words/es.json";
import fr from "../../words/fr.json";
import hi from "../../words/hi.json";
import pt from "../../words/pt.json";
import zh from "../../words/zh.json";

export type Key = keyof typeof en;
export type Language = "en" | "de" | "es" | "fr" | "pt" | "zh" | "hi" | "ar";

const DICTIONARIES: Record<Language, Record<Key, string>> = { en, de, es, fr, pt, zh, hi, ar };
// Each named in itself.
export const LANGUAGES: readonly (readonly [Language, string])[] = [
  ["en", "English"], ["de", "Deutsch"], ["es", "Español"], ["fr", "Français"], ["pt", "Português"], ["zh", "中文"], ["hi", "हिन्दी"], ["ar", "العربية"],
];
// Translated by a machine and read by no speaker yet.
export const MACHINE_MADE: ReadonlySet<Language> = new Set<Language>(["es", "fr", "pt", "zh", "hi", "ar"]);
const STORED = "handlens:language";

const isLanguage = (tag: string | null | undefined): tag is Language => tag !== null && tag !== undefined && tag in DICTIONARIES;

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  return navigator.languages.map((tag) => tag.split("-")[0]).find(isLanguage) ?? "en";
}

export const language: Language = preferred();
export const direction = language === "ar" ? "rtl" : "ltr";

export function chooseLanguage(choice: Language): void {
  localStorage.setItem(STORED, choice);
}

const PLURALS = new Intl.PluralRules(language);

// The sentence of a key; "{name}" becomes facts.name. "one|several" is chosen by facts.count.
export function t(key: Key, facts: Record<string, string | number> = {}): string {
  const forms = DICTIONARIES[language][key].split("|");
  const form = forms.length > 1 && PLURALS.select(Number(facts.count)) !== "one" ? forms[1]! : forms[0]!;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(facts[name] ?? whole));
}

// What of the verdict's faults of the camera a user can do something about, by the words for it.
const GUIDES = ["distance", "close", "place", "tilt", "rotation", "background", "light", "still", "screen"] as const;
export type Guide = (typeof GUIDES)[number];
const isGuide = (name: string): name is Guide => (GUIDES as readonly string[]).includes(name);
const GUIDES_WITH_NUMBER = ["distance", "place", "tilt", "rotation"] as const;

// What to mind first, with the number from which on it does harm where users can see that; empty where there is none.
export function guideText(name: string | undefined, value: number | undefined): string {
  if (!name || !isGuide(name)) return "";
  const numbered = GUIDES_WITH_NUMBER.find((guide) => guide === name);
  return t(`guide_${name}`) + (numbered && value ? " " + t(`guideFrom_${numbered}`, { number: value }) : "");
}

const EITHER = new Intl.ListFormat(language, { type: "disjunction" });
export const eitherOf = (names: string[]): string => EITHER.format(names);

const PERCENT = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const PERCENT_FINE = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 });
const NUMBER = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });

export const percent = (share: number): string => PERCENT.format(share);
export const percentFine = (share: number): string => PERCENT_FINE.format(share);
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : NUMBER.format(value);
}
