import { PellucidError } from '../errors.ts';
import { type Raster, whiteLevel } from '../raster.ts';
import { notFinite } from './grey.ts';

/** The conventions of a full-reference metric. Papers differ in each, so none has a default. */
export interface MetricOptions {
  /**
   * `RGB` measures the three channels and takes the mean; `Y` measures the luma of BT.601 in studio range (16..235),
   * MATLAB's `rgb2ycbcr`, as papers on super-resolution do; `Y8` that luma rounded, as `rgb2ycbcr` gives it for bytes
   * and papers on deraining measure it. Alpha is not measured.
   */
  channel: 'Y' | 'Y8' | 'RGB';
  /** Pixels left out along each border: the scale in super-resolution, 0 elsewhere. */
  crop: number;
  /**
   * Whether both images are first clipped and rounded to 8 bits, as saving them would do. Luma is then computed
   * from the rounded channels.
   */
  round: boolean;
}

/** Two images as lists of planes, one a channel, on the scale 0..255, cropped. */
export interface PlanePair {
  width: number;
  height: number;
  a: Float64Array[];
  b: Float64Array[];
}

/**
 * Brings two images to what a metric measures.
 * @throws PellucidError `metric/size` when their sizes differ or the crop leaves nothing; `metric/not-finite`.
 */
export function planePair(a: Raster, b: Raster, options: MetricOptions): PlanePair {
  if (a.width !== b.width || a.height !== b.height) {
    throw new PellucidError(
      'metric/size',
      `Images of ${a.width}x${a.height} and ${b.width}x${b.height} cannot be compared; give two of the same size.`,
    );
  }
  const width = a.width - 2 * options.crop;
  const height = a.height - 2 * options.crop;
  if (width < 1 || height < 1) {
    throw new PellucidError(
      'metric/size',
      `A border of ${options.crop} pixels leaves nothing of an image of ${a.width}x${a.height}; crop less.`,
    );
  }
  return { width, height, a: planes(a, options), b: planes(b, options) };
}

function planes(image: Raster, { channel, crop, round }: MetricOptions): Float64Array[] {
  const width = image.width - 2 * crop;
  const height = image.height - 2 * crop;
  const { channels, data } = image;
  const scale = 255 / whiteLevel(data);
  const level = (at: number) => {
    const value = data[at]! * scale;
    if (!round) return value;
    return value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
  };
  const plane = (levelAt: (pixel: number) => number) => {
    const values = new Float64Array(width * height);
    let sum = 0;
    for (let y = 0, to = 0; y < height; y++) {
      let from = ((y + crop) * image.width + crop) * channels;
      for (let x = 0; x < width; x++, from += channels) {
        const value = levelAt(from);
        values[to++] = value;
        sum += value;
      }
    }
    if (!Number.isFinite(sum)) throw notFinite();
    return values;
  };
  if (channel === 'RGB') return [0, 1, 2].map((offset) => plane((from) => level(from + offset)));
  // Y of BT.601 in studio range: the first row of MATLAB's `rgb2ycbcr`.
  const luma = (from: number) =>
    16 + (65.481 * level(from) + 128.553 * level(from + 1) + 24.966 * level(from + 2)) / 255;
  return [plane(channel === 'Y8' ? (from) => Math.round(luma(from)) : luma)];
}
