// Files and camera frames to upright 8-bit RGB, as docs/pixels.md section 1 asks: EXIF orientation applied, colour
// profiles ignored, transparency over white. The browser decodes; the self-check proves that it decodes as asked.
import type { Fit, Picture } from "./pixels";
import { Refusal } from "./refusal";

// Pixels of a canvas at a time: phones refuse canvases of more than 16 megapixels, so pictures come in strips.
const STRIP_PIXELS = 4_000_000;
// The same limit as on the computer.
const MAX_PIXELS = 200_000_000;

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

// The part of a picture that the fit uses: for `crop` the centre square, else all of it.
export function boxOf(width: number, height: number, fit: Fit): Box {
  if (fit !== "crop") return { left: 0, top: 0, width, height };
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), width: side, height: side };
}

// The box of a source, drawn over white. A 2D canvas holds premultiplied colours; over opaque white they are rounded as
// the contract says: round(c*a/255) + (255 - a).
function readBox(source: CanvasImageSource, box: Box): Picture {
  const rgb = new Uint8Array(box.width * box.height * 3);
  const rows = Math.max(1, Math.min(box.height, Math.floor(STRIP_PIXELS / box.width)));
  const canvas = document.createElement("canvas");
  canvas.width = box.width;
  canvas.height = rows;
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true, colorSpace: "srgb" });
  if (!context) throw new Error("this browser gives no 2D canvas");
  context.imageSmoothingEnabled = false;
  let to = 0;
  for (let top = 0; top < box.height; top += rows) {
    const count = Math.min(rows, box.height - top);
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, box.width, rows);
    context.drawImage(source, -box.left, -(box.top + top));
    const { data } = context.getImageData(0, 0, box.width, count);
    for (let from = 0; from < data.length; from += 4) {
      rgb[to++] = data[from]!;
      rgb[to++] = data[from + 1]!;
      rgb[to++] = data[from + 2]!;
    }
  }
  canvas.width = 0; // gives the memory back at once on iOS
  return { width: box.width, height: box.height, rgb };
}

// Phones of Apple write HEIC, which most browsers cannot read: told by the first bytes, whatever the file is called.
export async function isHeic(file: Blob): Promise<boolean> {
  const head = new TextDecoder("latin1").decode(await file.slice(4, 12).arrayBuffer());
  return /^ftyp(heic|heix|hevc|hevx|heim|heis|mif1|msf1)/.test(head);
}

// A picture as a file to keep, of nothing but its pixels. PNG is lossless, so that the model sees the same in it again.
export const pngOf = (picture: Picture): Promise<Blob> => fileOf(picture, "image/png");
export const jpegOf = (picture: Picture): Promise<Blob> => fileOf(picture, "image/jpeg");

async function fileOf(picture: Picture, type: "image/png" | "image/jpeg"): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const context = canvas.getContext("2d", { colorSpace: "srgb" })!;
  const data = context.createImageData(picture.width, picture.height);
  for (let from = 0, to = 0; from < picture.rgb.length; from += 3, to += 4) {
    data.data.set(picture.rgb.subarray(from, from + 3), to);
    data.data[to + 3] = 255;
  }
  context.putImageData(data, 0, 0);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob?.type === type ? done(blob) : failed(new Error(`this browser writes no ${type}`))), type, 0.92));
}

// What the fit uses of a picture file. Cropping before `fitResize` gives the same bytes as after it and costs less.
export async function decodeFile(file: Blob, fit: Fit): Promise<Picture> {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
  });
  try {
    const pixels = bitmap.width * bitmap.height;
    if (pixels > MAX_PIXELS)
      throw new Refusal("galleryTooLarge", { count: String(Math.ceil(pixels / 1e6)), most: String(MAX_PIXELS / 1e6) });
    return readBox(bitmap, boxOf(bitmap.width, bitmap.height, fit));
  } finally {
    bitmap.close();
  }
}

// The same of the frame that a video shows now. Front cameras are mirrored on the screen only, never here.
export function grabFrame(video: HTMLVideoElement, fit: Fit): Picture {
  return readBox(video, boxOf(video.videoWidth, video.videoHeight, fit));
}
