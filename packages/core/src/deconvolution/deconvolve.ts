import { byteOfLight, fromLight, toLight } from '../degradations/light.ts';
import type { BlurKernel } from '../degradations/motion-blur.ts';
import { Workspace } from '../kernels/workspace.ts';
import { type Raster, whiteLevel } from '../raster.ts';
import { type Interruptions, Pauses } from '../restore/pauses.ts';
import { estimateKernel } from './estimate.ts';
import { Fourier, gradientPower, smoothLength } from './fourier.ts';
import { placed } from './kernel.ts';
import type { Spectrum } from './passes.ts';
import { fadeOut, type Plane, within } from './plane.ts';

/** Side of the middle of a photograph from which its kernel is found: it takes no longer for a larger one. */
const LOOKED_AT = 462;
/** Below this side there is too little to find a path by. */
const LEAST_SIDE = 64;
/**
 * How far a kernel spreads light, in pixels: of 123 in 128 sharp photographs 1.26 at most was found, of a straight path of 5
 * pixels it is 1.5, and of the longest that can be found 9.5. What spreads it less is no blur, and what spreads it more no path.
 */
const LEAST_SPREAD = 1.3;
const MOST_SPREAD = 10;
/** What noise is to signal, at each frequency: so much alike, and so much more for each of its squared gradient. */
const FLAT_NOISE = 4e-3;
const GRADIENT_NOISE = 5e-3;
/** Side of what is deconvolved at once, what it sees around it, and how much of that fades out. */
const TILE = 588;
const HALO = 90;
const FADE = 32;

/** Part of an axis. */
interface Span {
  from: number;
  length: number;
}

/** What a step takes for each of its pixels, as multiply-accumulates of a network would count. */
const MACS_A_STEP = 250;

/**
 * Takes the blur of a shaken camera off a photograph: finds the kernel that blurred all of it, and divides its light by
 * that, frequency by frequency, as far as noise allows (Wiener). What rings then is for a network to mend.
 *
 * Gives a photograph of the same type and size; the very same one where it is too small to tell, or not blurred. Alpha is
 * carried over. Takes a second or two of one core, mostly for the kernel, which is looked for in the middle alone, and
 * pauses meanwhile; rejects with the signal's reason when aborted.
 */
export async function deconvolve(image: Raster, interruptions: Interruptions = {}): Promise<Raster> {
  const pauses = new Pauses(interruptions);
  for (const steps = deconvolution(image); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    await pauses.after(MACS_A_STEP * value);
  }
}

/** Gives the number of pixels that each step worked on, and in the end the photograph. */
function* deconvolution(image: Raster): Generator<number, Raster> {
  if (Math.min(image.width, image.height) < LEAST_SIDE) return image;
  const workspace = new Workspace();
  const kernel = yield* estimateKernel(middle(image), workspace);
  const spread = spreadOf(kernel);
  return spread < LEAST_SPREAD || spread > MOST_SPREAD ? image : yield* divide(image, kernel, workspace);
}

/** Standard deviation of where a kernel takes light, in pixels. */
function spreadOf({ size, weights }: BlurKernel): number {
  const radius = size >> 1;
  const squares = weights.map(
    (weight, i) => weight * (((i % size) - radius) ** 2 + (Math.floor(i / size) - radius) ** 2),
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/** The grey light in the middle of a photograph. */
function middle(image: Raster): Plane {
  const [columns, rows] = [image.width, image.height].map((length): Span => {
    const size = Math.min(length, LOOKED_AT);
    return { from: (length - size) >> 1, length: size };
  }) as [Span, Span];
  const [red, green, blue] = [0, 1, 2].map((channel) => lightOf(image, channel, columns, rows).values);
  const values = red!.map((light, i) => 0.299 * light + 0.587 * green![i]! + 0.114 * blue![i]!);
  return { width: columns.length, height: rows.length, values };
}

/** Divides a photograph's light by a kernel whose centre of mass is its middle. */
export function* divide(
  image: Raster,
  kernel: BlurKernel,
  workspace = new Workspace(),
): Generator<number, Raster> {
  const columns = tiles(image.width);
  const rows = tiles(image.height);
  workspace.clear();
  const fourier = new Fourier(surrounded(columns), surrounded(rows), workspace);
  const filter = wiener(fourier, kernel);
  const spectrum = fourier.spectrum();
  const result = { ...image, data: image.data.slice() };
  for (const row of rows)
    for (const column of columns)
      for (let channel = 0; channel < 3; channel++) {
        const tile = lightOf(
          image,
          channel,
          { from: column.from - HALO, length: fourier.width },
          { from: row.from - HALO, length: fourier.height },
        );
        fadeOut(tile, FADE);
        fourier.forward(tile.values, spectrum);
        multiply(spectrum, filter);
        fourier.inverse(spectrum, tile.values);
        writeLight(result, channel, column, row, tile);
        yield tile.values.length;
      }
  return result;
}

/** Equal parts of an axis, the last of which may end earlier. */
function tiles(length: number): Span[] {
  const count = Math.ceil(length / TILE);
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, i) => ({
    from: i * size,
    length: Math.min(size, length - i * size),
  }));
}

function surrounded(tiles: Span[]): number {
  return smoothLength(tiles[0]!.length + 2 * HALO);
}

/** What a spectrum is multiplied by to undo a kernel. What is flat stays as it is. */
function wiener(fourier: Fourier, kernel: BlurKernel): Spectrum {
  const { re, im } = fourier.forward(placed(kernel, fourier.width, fourier.height));
  const gradients = gradientPower(fourier);
  for (let i = 0; i < re.length; i++) {
    const power = re[i]! ** 2 + im[i]! ** 2;
    const scale = (1 + FLAT_NOISE) / (power + FLAT_NOISE + GRADIENT_NOISE * gradients[i]!);
    re[i]! *= scale;
    im[i]! *= -scale;
  }
  return { re, im };
}

function multiply({ re, im }: Spectrum, by: Spectrum): void {
  for (let i = 0; i < re.length; i++) {
    const a = re[i]!;
    const b = im[i]!;
    re[i] = a * by.re[i]! - b * by.im[i]!;
    im[i] = a * by.im[i]! + b * by.re[i]!;
  }
}

/** The light of a channel in part of a photograph, beyond which its edge goes on. */
function lightOf(
  { width, height, channels, data }: Raster,
  channel: number,
  columns: Span,
  rows: Span,
): Plane {
  const scale = 1 / whiteLevel(data);
  const values = new Float32Array(columns.length * rows.length);
  for (let y = 0, to = 0; y < rows.length; y++) {
    const row = within(rows.from + y, height) * width;
    for (let x = 0; x < columns.length; x++)
      values[to++] = scale * data[(row + within(columns.from + x, width)) * channels + channel]!;
  }
  return { width: columns.length, height: rows.length, values: toLight(values) };
}

/** Writes a tile's light, without its halo, into a channel of a photograph. */
function writeLight(image: Raster, channel: number, columns: Span, rows: Span, tile: Plane): void {
  const { width, channels, data } = image;
  const white = whiteLevel(data);
  for (let y = 0; y < rows.length; y++) {
    const row = (HALO + y) * tile.width + HALO;
    for (let x = 0; x < columns.length; x++) {
      const light = Math.min(Math.max(tile.values[row + x]!, 0), 1);
      const at = ((rows.from + y) * width + columns.from + x) * channels + channel;
      if (white === 255) data[at] = byteOfLight(light);
      else data[at] = white === 1 ? fromLight(light) : Math.round(white * fromLight(light));
    }
  }
}
