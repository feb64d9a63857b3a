// The self-check: golden pixels, then the run's held-out pictures, the computer's scores beside this browser's.
// Runs at first start and whenever the model or the browser changed.
import { type Bundle, sha256 } from "./bundle";
import { type Classifier, answerOf } from "./classifier";
import { decodeFile } from "./decode";
import { type GoldenResult, runGolden } from "./golden";
import type { Pixels } from "./pixels";

export interface CheckRow {
  file: string;
  sha256: string;
  label: string;
  computer: string;
  computerScores: number[];
  here: string;
  computerScore: number;
  hereScore: number;
  difference: number; // the largest of all classes
  samePixels: boolean | null; // null: cannot be told on a page that is not served securely
  scores: number[];
  passed: boolean;
  error: string;
}

export interface CheckResult {
  model_sha256: string;
  computerRuntime: string;
  browser: string;
  time: string;
  golden: GoldenResult;
  rows: CheckRow[];
  worstDifference: number;
  tolerance: number;
  milliseconds: number; // median of a held-out picture, decoding included
  passed: boolean;
}

export interface Parts {
  bundle: Bundle;
  pixels: Pixels;
  classifier: Classifier;
  base: string; // of the site
}

// Largest difference of scores where the decoder gave other pixels; the same on every target.
const OTHER_DECODER_TOLERANCE = 0.05;

function best(scores: number[]): number {
  return scores.indexOf(Math.max(...scores));
}

// The same best class, or two that the computer holds for equally good: a tie may fall either way.
function sameAnswer(here: number[], computer: number[], limit: number): boolean {
  const [a, b] = [best(here), best(computer)];
  return a === b || Math.abs(computer[a]! - computer[b]!) <= limit;
}

async function checkPicture(parts: Parts, index: number): Promise<CheckRow> {
  const { bundle, pixels, classifier, base } = parts;
  const expected = bundle.check.pictures[index]!;
  const { preprocess } = bundle.app;
  const { size_px, fit } = preprocess;
  const computer = answerOf(expected.scores_xnnpack, preprocess);
  const row: CheckRow = {
    file: expected.file, sha256: expected.sha256, label: expected.label, computer: computer.label, computerScores: expected.scores_xnnpack, here: "",
    computerScore: computer.score, hereScore: 0, difference: Infinity, samePixels: null, scores: [], passed: false, error: "",
  };
  try {
    const response = await fetch(`${base}bundle/check/${expected.file}`);
    if (!response.ok) throw new Error(`${response.status}`);
    const input = pixels.fitResize(await decodeFile(await response.blob(), fit), size_px, fit);
    const hash = await sha256(input);
    row.samePixels = hash === "" ? null : hash === expected.input_sha256;
    row.scores = await classifier.classify(input);
    const here = answerOf(row.scores, preprocess);
    row.here = here.label;
    row.hereScore = here.score;
    row.difference = Math.max(...row.scores.map((score, i) => Math.abs(score - expected.scores_xnnpack[i]!)));
    // A JPEG decoder may differ by a few levels; a lossless picture that differs is a fault of this browser.
    const limit = row.samePixels === false ? OTHER_DECODER_TOLERANCE : bundle.check.tolerance;
    const pixelsPassed = !expected.lossless || row.samePixels !== false;
    row.passed = pixelsPassed && row.difference <= limit && sameAnswer(row.scores, expected.scores_xnnpack, limit);
  } catch (error) {
    row.error = error instanceof Error ? error.message : String(error);
  }
  return row;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export async function runSelfCheck(parts: Parts, progress: (done: number, total: number) => void): Promise<CheckResult> {
  const total = parts.bundle.check.pictures.length;
  progress(0, total);
  const golden = await runGolden(parts.pixels, parts.base + "golden/");
  const rows: CheckRow[] = [];
  const times: number[] = [];
  for (let i = 0; i < total; ++i) {
    const begun = performance.now();
    rows.push(await checkPicture(parts, i));
    times.push(performance.now() - begun);
    progress(i + 1, total);
  }
  const worstDifference = rows.reduce((worst, row) => Math.max(worst, row.difference), 0);
  return {
    model_sha256: parts.bundle.app.model_sha256,
    computerRuntime: parts.bundle.check.runtime,
    browser: navigator.userAgent,
    time: new Date().toISOString(),
    golden,
    rows,
    worstDifference,
    tolerance: parts.bundle.check.tolerance,
    milliseconds: median(times),
    passed: golden.failures.length === 0 && golden.vectors === golden.expectedVectors && rows.every((row) => row.passed),
  };
}
