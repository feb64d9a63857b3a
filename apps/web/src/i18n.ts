// Which language the app speaks, and its sentences.
import { de } from "./strings.de";
import { en } from "./strings.en";

export type Key = keyof typeof en;
export type Language = "en" | "de";

const DICTIONARIES: Record<Language, Record<Key, string>> = { en, de };
const STORED = "handlens:language";

function preferred(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "de") return stored;
  return navigator.languages.find((tag) => /^(en|de)\b/.test(tag))?.startsWith("de") ? "de" : "en";
}

export const language: Language = preferred();

export function chooseLanguage(choice: Language): void {
  localStorage.setItem(STORED, choice);
}

// The sentence of a key; "{name}" becomes facts.name.
export function t(key: Key, facts: Record<string, string | number> = {}): string {
  return DICTIONARIES[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(facts[name] ?? whole));
}

const PERCENT = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const PERCENT_FINE = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 });
const NUMBER = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });

export const percent = (share: number): string => PERCENT.format(share);
export const percentFine = (share: number): string => PERCENT_FINE.format(share);
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : NUMBER.format(value);
}
