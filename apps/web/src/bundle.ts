// What was packed: app.json, the model and its description, the held-out pictures with the computer's scores
// (docs/formats-app.md). Everything is checked before anything runs: an app with wrong labels is worse than none.
import { Refusal } from "./refusal";
import type { Fit } from "./pixels";
import type { WhyRule } from "./why";

export interface Preprocess {
  name: string;
  model_version: string;
  author: string;
  license: string;
  notice: string;
  size_px: number;
  fit: Fit;
  pixel_contract: number;
  labels: string[];
  not_sure_below: number;
  answering?: { sets?: { from: number } }; // classes from this score on may be the right one; not in older packs
  refer?: { label: string; class: number; from: number }; // a class that must not be missed; most packs have none
}

export interface Quantization {
  scale: number;
  zero_point: number;
}

export interface AppInfo {
  format: string;
  version: number;
  name: string;
  model: string;
  model_file: string;
  model_sha256: string;
  input_type: string;
  output_type: string;
  output_quantization: Quantization | null;
  why?: WhyRule; // how answers are explained; not in older packs
  guide?: string; // the fault of the camera that harms most, by the verdict: "distance"; not in older packs
  guide_number?: number; // from where on it does harm, in % of the square's side or degrees
  verdict?: { passed: number; of: number }; // of the checks on the computer; missing where the model was not judged
  examples?: (string | null)[]; // of each label the file of a picture that users may see; only where the author allows it
  preprocess: Preprocess;
}

export interface CheckPicture {
  file: string;
  label: string;
  sha256: string;
  input_sha256: string;
  lossless: boolean;
  scores: number[];
  scores_xnnpack: number[]; // by the kernels that browsers use: int8 models differ by a few steps between kernels
}

export interface Check {
  format: string;
  version: number;
  runtime: string;
  tolerance: number;
  left_out: number;
  pictures: CheckPicture[];
}

export interface Bundle {
  app: AppInfo;
  model: Uint8Array;
  check: Check;
  card: string; // Markdown; empty = none
}

async function fetchOk(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Refusal("refuseMissing", { file: url, status: String(response.status) });
  return response;
}

// SHA-256 as hexadecimal; empty where the page is not served securely and the browser has no crypto.subtle.
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (!globalThis.crypto?.subtle) return "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as unknown as ArrayBuffer));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function checkApp(app: AppInfo): void {
  if (app.format !== "handlens-app" || app.version !== 1) {
    throw new Refusal("refuseFormat", { file: "app.json", format: `${app.format} ${app.version}` });
  }
  const { preprocess } = app;
  if (preprocess.pixel_contract !== 1) throw new Refusal("refuseContract", { version: String(preprocess.pixel_contract) });
  if (!["crop", "stretch", "letterbox"].includes(preprocess.fit)) {
    throw new Refusal("refuseFormat", { file: "app.json", format: `fit ${preprocess.fit}` });
  }
  for (const type of [app.input_type, app.output_type]) {
    if (type !== "float32" && type !== "uint8") throw new Refusal("refuseType", { type });
  }
}

export async function loadBundle(base: string): Promise<Bundle> {
  const app = (await (await fetchOk(base + "app.json")).json()) as AppInfo;
  checkApp(app);
  const model = new Uint8Array(await (await fetchOk(base + app.model)).arrayBuffer());
  const hash = await sha256(model);
  if (hash !== "" && hash !== app.model_sha256) throw new Refusal("refuseHash", { file: app.model });
  const check = (await (await fetchOk(base + "check/check.json")).json()) as Check;
  if (check.format !== "handlens-check" || check.version !== 1) {
    throw new Refusal("refuseFormat", { file: "check.json", format: `${check.format} ${check.version}` });
  }
  const card = await fetch(base + "modelcard.md");
  return { app, model, check, card: card.ok ? await card.text() : "" };
}
