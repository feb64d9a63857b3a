// The record that leaves the phone, by the user's hand only: "handlens-phone" version 1 (docs/formats-app.md), which
// `handlens verify RUN --import` reads.
import type { FieldShot } from "./fieldtest";
import { download } from "./dom";
import type { Context } from "./screen";
import type { CheckResult } from "./selfcheck";

export const APP_VERSION = "0.1.0";

interface Content {
  check?: CheckResult;
  shots?: FieldShot[];
  device?: string;
}

export function phoneRecord(context: Context, content: Content): object {
  const { app } = context.bundle;
  return {
    format: "handlens-phone",
    version: 1,
    app: { target: "web", version: APP_VERSION, name: app.name },
    model: { file: app.model_file, sha256: app.model_sha256, input_type: app.input_type },
    device: { model: content.device ?? "", system: navigator.userAgent },
    labels: app.preprocess.labels,
    self_check: content.check
      ? {
          time: content.check.time,
          passed: content.check.passed,
          golden: {
            vectors: content.check.golden.vectors,
            expected: content.check.golden.expectedVectors,
            differing_bytes: content.check.golden.differingBytes,
          },
          pictures: content.check.rows.map((row) => ({
            sha256: row.sha256, label: row.label, predicted: row.here, scores: row.scores, passed: row.passed,
          })),
        }
      : null,
    field_test: content.shots ? { shots: content.shots } : null,
  };
}

// Letters and digits of the app's name, for file names.
export const slug = (name: string): string =>
  name.normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").toLowerCase() || "handlens";

export function savePhoneRecord(context: Context, record: object, what: string): void {
  download(`${slug(context.bundle.app.name)}-${what}.json`, "application/json", JSON.stringify(record, null, 1) + "\n");
}
