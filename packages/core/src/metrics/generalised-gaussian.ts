/** Shapes that a fit chooses among, as in the authors' code: 0.2, 0.201 .. 10. */
const shapes = 9801;
const shapeAt = (index: number) => 0.2 + index * 0.001;

/** `gamma(2/a)^2 / (gamma(1/a) gamma(3/a))` for each shape; rises. Made at the first fit, to load without delay. */
let ratios: Float64Array | undefined;

/** What a fit needs to know of an asymmetric variable `p`. */
export interface AsymmetricMoments {
  /** `E|p|`. */
  magnitude: number;
  /** `E p^2`. */
  power: number;
  /** `E p^2` over the negative values; 0 where there is none. */
  left: number;
  /** `E p^2` over the positive values; 0 where there is none. */
  right: number;
}

/**
 * Shape of the generalised Gaussian of mean 0 with the given moments (Sharifi and Leon-Garcia, 1995), 0.2..10.
 * @param magnitude `E|x|`.
 * @param power `E x^2`.
 */
export function ggdShape(magnitude: number, power: number): number {
  // The authors look for the nearest inverse ratio; seen so, the other of two neighbours may be nearer.
  return nearestShape(magnitude ** 2 / power, (ratio) => 1 / ratio);
}

/**
 * The asymmetric generalised Gaussian with the given moments (Lasmar, Stitou and Berthoumieu, "Multiscale skewed
 * heavy-tailed model for texture analysis", 2009): shape 0.2..10 and mean `eta`.
 */
export function fitAggd({ magnitude, power, left, right }: AsymmetricMoments): {
  shape: number;
  eta: number;
} {
  const [l, r] = [Math.sqrt(left), Math.sqrt(right)];
  // The correction is the same for g and 1/g; the lesser of both stays finite when one side is empty.
  const g = l === r ? 1 : Math.min(l, r) / Math.max(l, r);
  const ratio = power === 0 ? 0 : magnitude ** 2 / power;
  const shape = nearestShape((ratio * (g ** 3 + 1) * (g + 1)) / (g ** 2 + 1) ** 2, (value) => value);
  const [g1, g2, g3] = [gamma(1 / shape), gamma(2 / shape), gamma(3 / shape)];
  return { shape, eta: (r - l) * (g2 / g1) * Math.sqrt(g1 / g3) };
}

/** `gamma(2/a)^2 / (gamma(1/a) gamma(3/a))`, which is `E|x|^2 / E x^2` of a generalised Gaussian of shape `a`. */
export function shapeRatio(shape: number): number {
  return gamma(2 / shape) ** 2 / (gamma(1 / shape) * gamma(3 / shape));
}

/** The shape whose ratio, seen through `scale`, is nearest; the lower of two equally near. */
function nearestShape(ratio: number, scale: (ratio: number) => number): number {
  ratios ??= Float64Array.from({ length: shapes }, (_, index) => shapeRatio(shapeAt(index)));
  let below = 0;
  let above = shapes - 1;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (ratios[middle]! <= ratio) below = middle;
    else above = middle;
  }
  const away = (index: number) => Math.abs(scale(ratios![index]!) - scale(ratio));
  return shapeAt(away(below) <= away(above) ? below : above);
}

// Lanczos's series with g = 7 and nine terms: relative error below 1e-14 for positive arguments.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function gamma(x: number): number {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const series = lanczos.reduce((sum, term, k) => (k === 0 ? term : sum + term / (x - 1 + k)), 0);
  const base = x + 6.5;
  return Math.sqrt(2 * Math.PI) * base ** (x - 0.5) * Math.exp(-base) * series;
}
