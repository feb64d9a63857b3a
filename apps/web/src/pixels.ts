// The pixel contract in wasm: the same C++ source as on every other target, with a bump allocator around each call.
// What does not live here: decoding files (decode.ts).

export type Fit = "crop" | "stretch" | "letterbox";
const FITS: Record<Fit, number> = { crop: 0, stretch: 1, letterbox: 2 };

interface Exports {
  memory: WebAssembly.Memory;
  __heap_base: WebAssembly.Global;
  hl_fit_resize_scratch(width: number, height: number, n: number, fit: number): number;
  hl_fit_resize(rgb: number, width: number, height: number, n: number, fit: number, out: number, scratch: number): number;
  hl_feed_float(bytes: number, count: number, out: number): void;
  hl_yuv_to_rgb(frame: number, out: number): number;
  hl_rotate(rgb: number, width: number, height: number, degrees: number, out: number): number;
  hl_orient(rgb: number, width: number, height: number, orientation: number, out: number): number;
}

// Upright 8-bit RGB, row after row.
export interface Picture {
  width: number;
  height: number;
  rgb: Uint8Array;
}

export interface YuvFrame {
  y: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
  y_row_stride: number;
  y_pixel_stride: number;
  uv_row_stride: number;
  uv_pixel_stride: number;
  width: number;
  height: number;
}

const PAGE_BYTES = 65536;

export class Pixels {
  private top = 0;

  private constructor(private readonly wasm: Exports) {}

  static async load(url: string): Promise<Pixels> {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), {});
    return new Pixels(instance.exports as unknown as Exports);
  }

  // Sections 2 and 3 of the contract: (n, n, 3) bytes.
  fitResize(picture: Picture, n: number, fit: Fit): Uint8Array {
    const { width, height } = picture;
    const scratchBytes = this.wasm.hl_fit_resize_scratch(width, height, n, FITS[fit]);
    if (scratchBytes === 0) throw new Error(`a picture of ${width} x ${height} to ${n}: out of range`);
    return this.call(() => {
      const rgb = this.place(picture.rgb);
      const scratch = this.take(scratchBytes);
      const out = this.take(n * n * 3);
      this.must(this.wasm.hl_fit_resize(rgb, width, height, n, FITS[fit], out, scratch));
      return this.copy(out, n * n * 3);
    });
  }

  // Section 4: bytes / 255.
  feedFloat(bytes: Uint8Array): Float32Array {
    return this.call(() => {
      const input = this.place(bytes);
      const out = this.take(bytes.length * 4);
      this.wasm.hl_feed_float(input, bytes.length, out);
      return new Float32Array(this.copy(out, bytes.length * 4).buffer);
    });
  }

  // Section 5. Browsers hand over RGB frames; this one proves that the whole contract runs here.
  yuvToRgb(frame: YuvFrame): Uint8Array {
    return this.call(() => {
      const planes = [this.place(frame.y), this.place(frame.u), this.place(frame.v)];
      const fields = [...planes, frame.y_row_stride, frame.y_pixel_stride, frame.uv_row_stride, frame.uv_pixel_stride,
        frame.width, frame.height];
      const record = this.take(fields.length * 4);
      const size = frame.width * frame.height * 3;
      const out = this.take(size);
      new Int32Array(this.wasm.memory.buffer, record, fields.length).set(fields);
      this.must(this.wasm.hl_yuv_to_rgb(record, out));
      return this.copy(out, size);
    });
  }

  rotate(picture: Picture, degrees: number): Uint8Array {
    return this.turn(picture, (rgb, out) => this.wasm.hl_rotate(rgb, picture.width, picture.height, degrees, out));
  }

  orient(picture: Picture, orientation: number): Uint8Array {
    return this.turn(picture, (rgb, out) => this.wasm.hl_orient(rgb, picture.width, picture.height, orientation, out));
  }

  private turn(picture: Picture, how: (rgb: number, out: number) => number): Uint8Array {
    return this.call(() => {
      const rgb = this.place(picture.rgb);
      const out = this.take(picture.rgb.length);
      this.must(how(rgb, out));
      return this.copy(out, picture.rgb.length);
    });
  }

  // Everything that a call takes is free again after it.
  private call<T>(work: () => T): T {
    this.top = this.wasm.__heap_base.value as number;
    return work();
  }

  private take(bytes: number): number {
    const address = (this.top + 15) & ~15;
    this.top = address + bytes;
    const missing = this.top - this.wasm.memory.buffer.byteLength;
    if (missing > 0) this.wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }

  private place(bytes: Uint8Array): number {
    const address = this.take(bytes.length);
    new Uint8Array(this.wasm.memory.buffer, address, bytes.length).set(bytes);
    return address;
  }

  private copy(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer, address, bytes).slice();
  }

  private must(code: number): void {
    if (code !== 0) throw new Error(`pixels: refused the arguments (${code})`);
  }
}
