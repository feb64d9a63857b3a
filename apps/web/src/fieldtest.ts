// The paper's real-time protocol as data: series of shots of a known class under written-down conditions. Kept in the
// browser's storage until the user deletes it, so that a reload loses nothing.
import { csvLine } from "./tally";

export const BACKGROUNDS = ["plain", "natural", "cluttered"] as const;
export const LIGHTS = ["daylight", "indoor", "dim"] as const;

export interface Conditions {
  label: string;
  distance_cm: number;
  background: (typeof BACKGROUNDS)[number];
  light: (typeof LIGHTS)[number];
}

export interface FieldShot extends Conditions {
  series: number; // from 1
  time: string;
  predicted: string;
  not_sure: boolean;
  scores: number[];
}

export class FieldTest {
  readonly shots: FieldShot[];
  private readonly key: string;

  constructor(modelSha256: string) {
    this.key = `handlens:field:${modelSha256}`;
    this.shots = this.read();
  }

  nextSeries(): number {
    return (this.shots.at(-1)?.series ?? 0) + 1;
  }

  add(shot: FieldShot): void {
    this.shots.push(shot);
    this.save();
  }

  undo(): void {
    this.shots.pop();
    this.save();
  }

  clear(): void {
    this.shots.length = 0;
    this.save();
  }

  csv(): string {
    const head = ["series", "time", "label", "predicted", "not_sure", "score", "distance_cm", "background", "light"];
    const rows = this.shots.map((shot) => csvLine([
      shot.series, shot.time, shot.label, shot.predicted, shot.not_sure ? "yes" : "no", Math.max(...shot.scores),
      shot.distance_cm, shot.background, shot.light,
    ]));
    return [csvLine(head), ...rows].join("\r\n") + "\r\n";
  }

  private read(): FieldShot[] {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(stored) ? (stored as FieldShot[]) : [];
    } catch {
      return [];
    }
  }

  private save(): void {
    localStorage.setItem(this.key, JSON.stringify(this.shots));
  }
}
