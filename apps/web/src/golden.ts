// The golden vectors of the pixel contract, all of them, through the wasm and the decoders of this browser.
import { decodeFile } from "./decode";
import type { Fit, Pixels, YuvFrame } from "./pixels";

type Range = [offset: number, length: number];

interface Vector {
  id: number;
  kind: string;
  expected: Range;
  width: number;
  height: number;
  n: number;
  fit: Fit;
  rgb: Range;
  bytes: Range;
  degrees: number;
  orientation: number;
  file: string;
  bound: number;
  y: Range;
  u: Range;
  v: Range;
}

interface Manifest {
  format: string;
  version: number;
  contract_version: number;
  count: number;
  vectors: Vector[];
}

export interface GoldenResult {
  vectors: number;
  expectedVectors: number;
  equal: number; // exact vectors without a differing byte
  withinBound: number; // JPEG vectors that differ by no more than they may
  differingBytes: number; // in exact vectors
  worstJpegLevels: number; // in bounded ones, against their bound
  failures: string[];
}

async function compute(vector: Vector, read: (range: Range) => Uint8Array, pixels: Pixels, base: string): Promise<Uint8Array> {
  const { width, height } = vector;
  switch (vector.kind) {
    case "fit_resize":
      return pixels.fitResize({ width, height, rgb: read(vector.rgb) }, vector.n, vector.fit);
    case "rotate":
      return pixels.rotate({ width, height, rgb: read(vector.rgb) }, vector.degrees);
    case "orient":
      return pixels.orient({ width, height, rgb: read(vector.rgb) }, vector.orientation);
    case "feed_float":
      return new Uint8Array(pixels.feedFloat(read(vector.bytes)).buffer);
    case "yuv":
      return pixels.yuvToRgb({ ...(vector as unknown as YuvFrame), y: read(vector.y), u: read(vector.u), v: read(vector.v) });
    case "decode": {
      const response = await fetch(base + vector.file);
      const picture = await decodeFile(await response.blob(), "stretch");
      if (picture.width !== width || picture.height !== height) throw new Error(`${picture.width} x ${picture.height} pixels`);
      return picture.rgb;
    }
    default:
      throw new Error(`unknown kind ${vector.kind}`);
  }
}

function compare(actual: Uint8Array, expected: Uint8Array): { differing: number; worst: number } {
  if (actual.length !== expected.length) return { differing: Math.max(actual.length, expected.length), worst: 255 };
  let differing = 0;
  let worst = 0;
  for (let i = 0; i < actual.length; ++i) {
    const levels = Math.abs(actual[i]! - expected[i]!);
    if (levels > 0) ++differing;
    if (levels > worst) worst = levels;
  }
  return { differing, worst };
}

export async function runGolden(pixels: Pixels, base: string): Promise<GoldenResult> {
  const manifest = (await (await fetch(base + "manifest.json")).json()) as Manifest;
  if (manifest.format !== "handlens-golden" || manifest.version !== 1 || manifest.contract_version !== 1) {
    throw new Error("golden/manifest.json: of another version than this app");
  }
  const bin = new Uint8Array(await (await fetch(base + "vectors.bin")).arrayBuffer());
  const read = ([offset, length]: Range) => bin.subarray(offset, offset + length);
  const result: GoldenResult = {
    vectors: 0, expectedVectors: manifest.count, equal: 0, withinBound: 0, differingBytes: 0, worstJpegLevels: 0, failures: [],
  };
  for (const vector of manifest.vectors) {
    ++result.vectors;
    const name = `${vector.id} ${vector.kind} ${vector.file ?? ""}`.trim();
    try {
      const { differing, worst } = compare(await compute(vector, read, pixels, base), read(vector.expected));
      const bound = vector.bound ?? 0;
      if (bound === 0) result.differingBytes += differing;
      else result.worstJpegLevels = Math.max(result.worstJpegLevels, worst);
      if (worst > bound) result.failures.push(`${name}: ${differing} bytes differ, by up to ${worst}`);
      else if (bound === 0) ++result.equal;
      else ++result.withinBound;
    } catch (error) {
      result.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return result;
}
