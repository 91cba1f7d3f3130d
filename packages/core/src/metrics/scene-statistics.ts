import { type AsymmetricMoments, fitAggd, ggdShape } from './generalised-gaussian.ts';

/** A rectangle of a plane whose rows are `stride` values apart. */
export interface Region {
  plane: Float64Array;
  stride: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Neighbours as (columns to the left, rows up), in the authors' order: beside, below, and both diagonals. */
const neighbours = [
  [1, 0],
  [0, 1],
  [1, 1],
  [1, -1],
] as const;

/**
 * The 18 features of BRISQUE at one scale (Mittal, Moorthy and Bovik, 2012): shape and variance of the coefficients'
 * generalised Gaussian; then, for the products with the neighbours in four directions, shape, mean, left and right
 * variance of the asymmetric one.
 *
 * As in the authors' code, the region wraps around at its border, products of 0 lie on neither side but count in the
 * means of both.
 * @param map a region of mean-subtracted contrast-normalised coefficients.
 */
export function sceneStatistics(map: Region): number[] {
  const { magnitude, power } = moments(map);
  return [
    ggdShape(magnitude, power),
    power,
    ...neighbours.flatMap(([dx, dy]) => {
      const product = productMoments(map, dx, dy);
      const { shape, eta } = fitAggd(product);
      return [shape, eta, product.left, product.right];
    }),
  ];
}

function moments({ plane, stride, left, top, width, height }: Region): { magnitude: number; power: number } {
  let magnitude = 0;
  let power = 0;
  for (let y = top; y < top + height; y++) {
    for (let i = y * stride + left; i < y * stride + left + width; i++) {
      const value = plane[i]!;
      magnitude += Math.abs(value);
      power += value * value;
    }
  }
  return { magnitude: magnitude / (width * height), power: power / (width * height) };
}

function productMoments(region: Region, dx: 0 | 1, dy: -1 | 0 | 1): AsymmetricMoments {
  const { plane, stride, left, top, width, height } = region;
  let magnitude = 0;
  let power = 0;
  let signedPower = 0;
  let signs = 0;
  let zeros = 0;
  for (let y = 0; y < height; y++) {
    const row = (top + y) * stride + left;
    const other = (top + ((y - dy + height) % height)) * stride + left;
    for (let x = 0; x < width; x++) {
      const product = plane[row + x]! * plane[other + (x < dx ? x - dx + width : x - dx)]!;
      if (product === 0) {
        zeros++;
        continue;
      }
      // Signs are as good as random: to branch on them would cost more than to count in numbers.
      const size = Math.abs(product);
      magnitude += size;
      power += size * size;
      signedPower += size * product;
      signs += product / size;
    }
  }
  const pixels = width * height;
  const positive = (pixels - zeros + signs) / 2;
  const negative = (pixels - zeros - signs) / 2;
  return {
    magnitude: magnitude / pixels,
    power: power / pixels,
    left: negative === 0 ? 0 : (power - signedPower) / 2 / negative,
    right: positive === 0 ? 0 : (power + signedPower) / 2 / positive,
  };
}
