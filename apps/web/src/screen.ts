// What a screen is, and what all of them work with.
import type { Parts } from "./selfcheck";
import type { CheckResult } from "./selfcheck";

export interface Context extends Parts {
  // The last self-check of this model in this browser; null before the first.
  checkResult(): CheckResult | null;
  // Runs it (again); several callers share one run.
  runCheck(): Promise<CheckResult>;
  // Called at every step of a self-check, and with -1, 0 at its end. Returns how to stop listening.
  onCheck(listener: (done: number, total: number) => void): () => void;
}

export interface Screen {
  element: HTMLElement;
  enter?(): void;
  leave?(): void;
}
