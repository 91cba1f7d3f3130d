import { PellucidError } from '../errors.ts';
import { type Raster, whiteLevel } from '../raster.ts';

/** Luma of BT.601 as MATLAB's `rgb2gray` has it, to the digit: the rounding of a few pixels depends on it. */
export const greyWeights = [0.298936021293775, 0.587043074451121, 0.114020904255103] as const;

/**
 * Grey as MATLAB's `rgb2gray` makes it of bytes: 0..255, rounded.
 * @param metric its name, for the message.
 * @param least pixels a side that it needs.
 * @throws PellucidError `metric/size`, `metric/not-finite`
 */
export function greyPlane(
  { width, height, channels, data }: Raster,
  metric: string,
  least: number,
): Float64Array {
  if (width < least || height < least) {
    throw new PellucidError(
      'metric/size',
      `${metric} needs ${least}x${least} pixels, and the image has ${width}x${height}; give a larger one.`,
    );
  }
  const [red, green, blue] = greyWeights.map((weight) => (weight * 255) / whiteLevel(data)) as [
    number,
    number,
    number,
  ];
  const plane = new Float64Array(width * height);
  let sum = 0;
  for (let i = 0, from = 0; i < plane.length; i++, from += channels) {
    const value = red * data[from]! + green * data[from + 1]! + blue * data[from + 2]!;
    plane[i] = Math.floor(value + 0.5);
    sum += value;
  }
  if (!Number.isFinite(sum)) throw notFinite();
  return plane;
}

export function notFinite(): PellucidError {
  return new PellucidError(
    'metric/not-finite',
    'The image holds values that are no numbers or infinite; look at what made it.',
  );
}
