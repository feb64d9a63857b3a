// Why a model answered: places of the picture are covered one after the other, as src/verify/routes/occlusion.cc does. The numbers
// come from app.json, so that program and app cannot differ.

export interface WhyRule {
  cells: number; // a side of the grid; a place is two cells wide
  least_drop: number; // of the score; below it no place matters
  most_red: number; // where covering takes most
}

// Of (size, size, 3) pixels: the same with the place around the middle of cell (row, column) in the picture's mean colour.
export function covered(pixels: Uint8Array, size: number, cells: number, row: number, column: number): Uint8Array {
  const sums = [0, 0, 0];
  for (let i = 0; i < pixels.length; ++i) sums[i % 3]! += pixels[i]!;
  const mean = sums.map((sum) => Math.floor(sum / (size * size)));
  const edge = (halves: number) => Math.max(0, Math.min(size, Math.trunc((halves * size) / (2 * cells))));
  const out = pixels.slice();
  for (let y = edge(2 * row - 1); y < edge(2 * row + 3); ++y) {
    for (let x = edge(2 * column - 1); x < edge(2 * column + 3); ++x) out.set(mean, 3 * (y * size + x));
  }
  return out;
}

// How much of the score of label `label` is lost with each place covered, row after row; null when `step` said to stop.
export async function dropsOf(classify: (input: Uint8Array) => Promise<number[]>, pixels: Uint8Array, size: number, cells: number,
  label: number, step: (done: number, total: number) => boolean): Promise<number[] | null> {
  const whole = (await classify(pixels))[label]!;
  const drops: number[] = [];
  for (let i = 0; i < cells * cells; ++i) {
    if (!step(i, cells * cells)) return null;
    drops.push(whole - (await classify(covered(pixels, size, cells, Math.floor(i / cells), i % cells)))[label]!);
    await new Promise((done) => setTimeout(done)); // lets the page draw and take clicks
  }
  return drops;
}

// Between the middles of the cells, as a picture is enlarged; x and y in 0..1.
function between(values: number[], cells: number, x: number, y: number): number {
  const split = (at: number): [number, number] => {
    const place = Math.max(0, Math.min(cells - 1, at * cells - 0.5));
    const low = Math.min(Math.floor(place), cells - 2);
    return [low, place - low];
  };
  const [column, right] = split(x);
  const [row, down] = split(y);
  const at = (r: number, c: number) => values[r * cells + c]!;
  return (1 - down) * ((1 - right) * at(row, column) + right * at(row, column + 1)) +
    down * ((1 - right) * at(row + 1, column) + right * at(row + 1, column + 1));
}

// The model's pixels on a canvas of `side` pixels, redder where covering takes more.
export function drawHeat(canvas: HTMLCanvasElement, side: number, pixels: Uint8Array, size: number, drops: number[], rule: WhyRule): void {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(side, side);
  const most = Math.max(...drops);
  for (let y = 0; y < side; ++y) {
    for (let x = 0; x < side; ++x) {
      const from = 3 * (Math.floor((y * size) / side) * size + Math.floor((x * size) / side));
      const share = most < rule.least_drop ? 0 : between(drops, rule.cells, (x + 0.5) / side, (y + 0.5) / side) / most;
      const red = rule.most_red * Math.max(0, Math.min(1, share));
      const to = 4 * (y * side + x);
      for (let c = 0; c < 3; ++c) image.data[to + c] = Math.floor((1 - red) * pixels[from + c]! + red * (c === 0 ? 255 : 0) + 0.5);
      image.data[to + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}
