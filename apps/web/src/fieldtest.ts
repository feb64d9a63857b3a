// The paper's real-time protocol as data: series of shots of a known class under written-down conditions. Kept in the
// browser's storage until the user deletes it, so that a reload loses nothing.
import { csvLine } from "./tally";

// Three of the paper's four real-time issues (2.7); the fourth, the picture's size, belongs to the model.
export const DISTANCES = ["fills", "half", "quarter"] as const;
export const PLACES = ["centre", "edge"] as const;
export const BACKGROUNDS = ["usual", "plain", "busy"] as const;

export interface Conditions {
  label: string;
  distance: (typeof DISTANCES)[number]; // how much of the square the subject fills
  place: (typeof PLACES)[number];
  background: (typeof BACKGROUNDS)[number];
}

export interface FieldShot extends Conditions {
  series: number; // from 1
  camera: "front" | "back" | "unknown";
  at: string;
  predicted: string;
  not_sure: boolean;
  scores: number[];
  milliseconds: number;
  picture?: number; // its photograph's, from 1; missing where none is kept
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

  // For a photograph: no other shot's.
  nextPicture(): number {
    return 1 + Math.max(0, ...this.shots.map((shot) => shot.picture ?? 0));
  }

  photographed(): number[] {
    return this.shots.flatMap((shot) => shot.picture ?? []);
  }

  // As records hold them: without photographs, or with those that are there.
  sent(there: ReadonlySet<number>): FieldShot[] {
    return this.shots.map(({ picture, ...shot }) => (picture !== undefined && there.has(picture) ? { ...shot, picture } : shot));
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
    const head = ["series", "at", "label", "predicted", "not_sure", "score", "distance", "place", "background", "camera"];
    const rows = this.shots.map((shot) => csvLine([
      shot.series, shot.at, shot.label, shot.predicted, shot.not_sure ? "yes" : "no", Math.max(...shot.scores),
      shot.distance, shot.place, shot.background, shot.camera,
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
