import { type Raster, whiteLevel } from '../raster.ts';

/** Pixels that are looked at, at most: enough to tell, few enough to take milliseconds. */
const MOST_PIXELS = 2 ** 18;
/** Side of a region, and regions along an axis, of a photograph that has more. */
const SIDE = 128;
const ACROSS = 4;

/** A rectangle of a photograph as planes of 0..255. */
export interface Region {
  /** Of its first pixel in the photograph: the grid of JPEG is fixed to the photograph. */
  left: number;
  top: number;
  width: number;
  height: number;
  red: Float32Array;
  green: Float32Array;
  blue: Float32Array;
  /** Luma of BT.601. */
  grey: Float32Array;
}

/** The photograph itself, or regions spread over it where it is large, in its own resolution. */
export function* regionsOf(image: Raster): Generator<Region> {
  const { width, height } = image;
  if (width * height <= MOST_PIXELS) return yield region(image, 0, 0, width, height);
  const [wide, high] = [Math.min(SIDE, width), Math.min(SIDE, height)];
  // A narrow strip has room for more regions along it.
  const columns = Math.min(Math.floor(width / wide), Math.max(ACROSS, Math.floor((ACROSS * SIDE) / high)));
  const rows = Math.min(Math.floor(height / high), Math.max(ACROSS, Math.floor((ACROSS * SIDE) / wide)));
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const left = Math.floor(((width - wide) * (column + 0.5)) / columns);
      const top = Math.floor(((height - high) * (row + 0.5)) / rows);
      yield region(image, left, top, wide, high);
    }
}

function region(image: Raster, left: number, top: number, width: number, height: number): Region {
  const [red, green, blue, grey] = [0, 1, 2, 3].map(() => new Float32Array(width * height)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const { channels, data } = image;
  const scale = 255 / whiteLevel(data);
  let to = 0;
  for (let y = top; y < top + height; y++) {
    let from = (y * image.width + left) * channels;
    for (let x = 0; x < width; x++, to++, from += channels) {
      const r = data[from]! * scale;
      const g = data[from + 1]! * scale;
      const b = data[from + 2]! * scale;
      red[to] = r;
      green[to] = g;
      blue[to] = b;
      grey[to] = 0.299 * r + 0.587 * g + 0.114 * b;
    }
  }
  return { left, top, width, height, red, green, blue, grey };
}

/** The value below which the share lies; 0 of nothing. Sorts the values. */
export function quantile(values: number[], share: number): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
}
