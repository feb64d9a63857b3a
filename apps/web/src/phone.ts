// The record that leaves the phone, by the user's hand only: "handlens-phone" version 1 (docs/formats-app.md), the same as
// the Android app's.
import type { FieldShot } from "./fieldtest";
import { download } from "./dom";
import type { Context } from "./screen";
import type { CheckResult } from "./selfcheck";

export const APP_VERSION = "0.1.0";
const RUNTIME = "LiteRT.js 2.5.3";

interface Content {
  check?: CheckResult;
  shots?: FieldShot[];
  device?: string; // as the user calls it; browsers do not tell
}

function checkRecord(check: CheckResult): object {
  const { golden } = check;
  return {
    ok: check.passed,
    model_intact: true, // or the app would not have started
    computer_runtime: check.computerRuntime,
    tolerance: check.tolerance,
    golden: {
      count: golden.vectors,
      equal: golden.equal,
      within_bound: golden.withinBound,
      differing_bytes: golden.differingBytes,
      largest_jpeg_difference: golden.worstJpegLevels,
      failed: golden.failures,
    },
    delegate: "used",
    pictures: check.rows.map((row) => ({
      file: row.file,
      sha256: row.sha256,
      label: row.label,
      input_equal: row.samePixels,
      computer: row.computerScores,
      computer_xnnpack: row.computerScores,
      builtin: null,
      xnnpack: row.scores.length > 0 ? row.scores : null,
      builtin_ok: null,
      xnnpack_ok: row.passed,
    })),
  };
}

// A random number of this browser's copy, so that records of two phones of one kind are not taken for one phone's.
function installation(): string {
  const key = "handlens:installation";
  const known = localStorage.getItem(key);
  if (known) return known;
  const fresh = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  localStorage.setItem(key, fresh);
  return fresh;
}

export function phoneRecord(context: Context, content: Content): object {
  const { app } = context.bundle;
  return {
    format: "handlens-phone",
    version: 1,
    made_at: new Date().toISOString(),
    app: {
      name: app.name,
      target: "web",
      version_name: APP_VERSION,
      installation: installation(),
      model_file: app.model_file,
      model_sha256: app.model_sha256,
      input_type: app.input_type,
      runtime: RUNTIME,
      path: "xnnpack",
    },
    phone: { model: content.device ?? "", browser: navigator.userAgent, cores: navigator.hardwareConcurrency },
    labels: app.preprocess.labels,
    ...(content.check ? { self_check: checkRecord(content.check) } : {}),
    ...(content.shots ? { field_test: { shots: content.shots } } : {}),
  };
}

// Letters and digits of the app's name, for file names.
export const slug = (name: string): string =>
  name.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").toLowerCase() || "handlens";

export const fieldFileName = (context: Context): string => `${slug(context.bundle.app.name)}-field-test.zip`;

export function savePhoneRecord(context: Context, record: object, what: string): void {
  download(`${slug(context.bundle.app.name)}-${what}.json`, "application/json", JSON.stringify(record, null, 1) + "\n");
}
