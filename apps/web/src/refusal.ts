// Why this app will not run: a sentence of the dictionary and its facts. Its own file, so that every module can throw one.
import type { Key } from "./i18n";

export class Refusal extends Error {
  constructor(
    readonly key: Key,
    readonly facts: Record<string, string> = {},
  ) {
    super(key + " " + JSON.stringify(facts));
  }
}
