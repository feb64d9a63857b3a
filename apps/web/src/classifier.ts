// The model in LiteRT.js (XNNPACK, one thread): model input bytes in, scores out.
import { CompiledModel, Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
import type { Bundle, Preprocess } from "./bundle";
import type { Pixels } from "./pixels";
import { Refusal } from "./refusal";

export class Classifier {
  private constructor(
    private readonly model: CompiledModel,
    private readonly bundle: Bundle,
    private readonly pixels: Pixels,
  ) {}

  // Refuses a model whose input or number of outputs is not what app.json says.
  static async load(bundle: Bundle, pixels: Pixels, runtime: string): Promise<Classifier> {
    // LiteRT would open a graphics device that is never used: memory, and drivers that crash, for nothing.
    Object.defineProperty(navigator, "gpu", { value: undefined, configurable: true });
    await loadLiteRt(runtime);
    let model: CompiledModel;
    try {
      model = await loadAndCompile(bundle.model, { accelerator: "wasm" });
    } catch (error) {
      throw new Refusal("refuseRuntime", { reason: error instanceof Error ? error.message : String(error) });
    }
    const { labels, size_px } = bundle.app.preprocess;
    const input = model.getInputDetails();
    const output = model.getOutputDetails();
    if (input.length !== 1 || output.length !== 1) {
      throw new Refusal("refuseShape", { shape: `${input.length} -> ${output.length}` });
    }
    const shape = Array.from(input[0]!.shape);
    if (shape.join() !== [1, size_px, size_px, 3].join()) throw new Refusal("refuseShape", { shape: shape.join(" x ") });
    const outputs = Array.from(output[0]!.shape).reduce((product, side) => product * side, 1);
    if (outputs !== labels.length || new Set(labels).size !== labels.length) {
      throw new Refusal("refuseLabels", { labels: String(labels.length), outputs: String(outputs) });
    }
    if (input[0]!.dtype !== bundle.app.input_type || output[0]!.dtype !== bundle.app.output_type) {
      throw new Refusal("refuseType", { type: `${input[0]!.dtype} -> ${output[0]!.dtype}` });
    }
    if (bundle.app.output_type === "uint8" && !bundle.app.output_quantization) {
      throw new Refusal("refuseFormat", { file: "app.json", format: "output_quantization" });
    }
    return new Classifier(model, bundle, pixels);
  }

  // Scores of (size, size, 3) bytes, in the order of the labels.
  async classify(bytes: Uint8Array): Promise<number[]> {
    const { preprocess, input_type, output_quantization } = this.bundle.app;
    const data = input_type === "uint8" ? bytes : this.pixels.feedFloat(bytes);
    const input = Tensor.fromTypedArray(data, [1, preprocess.size_px, preprocess.size_px, 3]);
    try {
      const outputs = await this.model.run(input);
      const values = Array.from(outputs[0]!.toTypedArray() as ArrayLike<number>);
      for (const output of outputs) output.delete();
      if (!output_quantization || this.bundle.app.output_type !== "uint8") return values;
      const { scale, zero_point } = output_quantization;
      return values.map((value) => (value - zero_point) * scale);
    } finally {
      input.delete();
    }
  }
}

export interface Answer {
  label: string;
  score: number;
  notSure: boolean;
  refer: { label: string; score: number } | null; // the class that must not be missed scores so high that no class is to be named
  top: { label: string; score: number }[]; // up to `count`, best first
  possible: string[] | null; // classes that score enough for the right one to be among them nearly always; not in older files
}

// The answer that scores give; of equal scores the first label wins, as on every target.
export function answerOf(scores: number[], { labels, not_sure_below, refer, answering }: Preprocess, count = 3): Answer {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const top = order.slice(0, count).map((i) => ({ label: labels[i]!, score: scores[i]! }));
  const best = top[0]!;
  const from = answering?.sets?.from;
  const possible = from === undefined ? null : order.filter((i) => scores[i]! >= from).map((i) => labels[i]!);
  const suspect = refer ? scores[refer.class]! : -1;
  return {
    label: best.label, score: best.score, notSure: best.score < not_sure_below, top, possible,
    refer: refer && suspect >= refer.from ? { label: refer.label, score: suspect } : null,
  };
}
