import type { Random } from '../random.ts';

/**
 * What spoils a clean photograph, so that a network can learn to undo it.
 *
 * A degradation is applied to one image at a time and draws whatever is random about it (noise, its strength) from
 * `random`, in a fixed order and before it first waits for anything: the same pixels and the same stream give the same
 * result.
 */
export interface Degradation {
  /** How many times smaller along each axis the degraded image is; 1 unless given. */
  scale?: number;

  /**
   * How far apart, in pixels, two values can be of which one has a part in what becomes of the other: a patch is spoilt
   * with so much of its surroundings, and then cut. 0 unless given; only where the scale is 1.
   */
  reach?: number;

  /**
   * @param pixels interleaved RGB rows, `width * height * 3` values, 0..1; left as they are.
   * @returns the degraded image: of the same size, or smaller by `scale`, which then divides both sides; values outside
   *   0..1 allowed.
   */
  apply(
    pixels: Float32Array,
    width: number,
    height: number,
    random: Random,
  ): Float32Array | Promise<Float32Array>;

  /**
   * The noise level (sigma, 0..255) that `apply` is about to draw from this stream, which stays where it is: for networks
   * that are told. Only degradations that have one.
   */
  noiseLevel?(random: Random): number;
}

/** One that waits for nothing. */
export interface ImmediateDegradation extends Degradation {
  apply(pixels: Float32Array, width: number, height: number, random: Random): Float32Array;
}
