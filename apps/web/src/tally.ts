// Counting answers against true labels: per class, accuracy with its 95 % interval, CSV.

export interface Counted {
  truth: string;
  predicted: string;
  notSure: boolean;
}

// Wilson's score interval (Wilson 1927), z = 1.96: the one that the computer's report uses.
export function wilson95(correct: number, n: number): [number, number] {
  if (n === 0) return [0, 1];
  const z = 1.959963984540054;
  const p = correct / n;
  const centre = p + (z * z) / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

export interface Tally {
  n: number;
  correct: number;
  notSure: number;
  interval: [number, number];
  perClass: { label: string; n: number; correct: number; notSure: number }[];
}

export function tallyOf(rows: Counted[], labels: string[]): Tally {
  const perClass = labels.map((label) => ({ label, n: 0, correct: 0, notSure: 0 }));
  const byLabel = new Map(perClass.map((row) => [row.label, row]));
  let correct = 0;
  let notSure = 0;
  for (const row of rows) {
    const entry = byLabel.get(row.truth);
    if (!entry) continue;
    ++entry.n;
    if (row.predicted === row.truth) ++entry.correct, ++correct;
    if (row.notSure) ++entry.notSure, ++notSure;
  }
  const n = perClass.reduce((sum, row) => sum + row.n, 0);
  return { n, correct, notSure, interval: wilson95(correct, n), perClass: perClass.filter((row) => row.n > 0) };
}

// RFC 4180. A leading =, +, - or @ of a text gets an apostrophe: spreadsheets would run it as a formula.
export function csvLine(values: (string | number)[]): string {
  return values
    .map((value) => {
      if (typeof value === "number") return String(value);
      const safe = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(",");
}
