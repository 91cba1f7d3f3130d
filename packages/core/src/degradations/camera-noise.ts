import * as z from 'zod';
import { PellucidError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Degradation } from './degradation.ts';
import { fromBytes } from './eight-bit.ts';
import type { JpegCodec } from './jpeg.ts';
import { byteOfLight, toLight } from './light.ts';
import { drawFrom, rangeOf } from './range.ts';

/** Settings of the noise that a camera leaves in the pictures it writes. Each image draws its own from the ranges. */
export const CameraNoiseSettings = z.strictObject({
  kind: z.literal('camera-noise'),
  /**
   * Common logarithm of the shot noise: the variance that light of 1 has, on the sensor's scale 0..1. -4 is a bright day
   * (Brooks et al. 2019 draw from -4 to -1.9).
   */
  shot: rangeOf(z.number().min(-6).max(-1)).default([-4, -1.9]),
  /**
   * How far the camera's own smoothing spreads the noise: the standard deviation of a Gaussian, in pixels. Colours are
   * smoothed over twice as far, since eyes see their noise more than their edges.
   */
  smoothing: rangeOf(z.number().min(0).max(2)).default([0.2, 1.6]),
  /** The share of images, 0..1, that the camera stores as JPEG. */
  stored: z.number().min(0).max(1).default(0.7),
  /** With what quality, 1..100. */
  quality: rangeOf(z.number().min(1).max(100)).default([75, 98]),
});
export type CameraNoiseSettings = z.infer<typeof CameraNoiseSettings>;

/**
 * Noise as real pictures have it: coarse-grained, coloured, and stronger in what is bright on the sensor and what is
 * dark in the picture.
 *
 * The picture is taken back to the light that fell on a sensor under a Bayer filter; there each photosite gets shot and
 * read noise (read from shot as Brooks et al., "Unprocessing images for learned raw denoising", CVPR 2019, fitted it);
 * the noise alone is demosaiced, smoothed, balanced to white and added to the light, so that the truth stays as sharp as it
 * was; then gamma, 8 bits, and often JPEG. The chain is ours, simpler than any camera's.
 *
 * @throws PellucidError `degradation/no-codec` when applied without one and some images are to be stored
 */
export function cameraNoise(settings: Omit<CameraNoiseSettings, 'kind'>, codec?: JpegCodec): Degradation {
  return {
    async apply(pixels, width, height, random) {
      const shot = 10 ** drawFrom(settings.shot, random);
      const read = Math.exp(2.18 * Math.log(shot) + 1.2 + 0.26 * random.normal());
      // How much a channel is amplified to make grey look grey.
      const gains = [random.uniform(1.5, 2.4), 1, random.uniform(1.3, 1.9)] as const;
      const smoothing = drawFrom(settings.smoothing, random);
      const stored = random.next() < settings.stored;
      const options = {
        quality: Math.round(drawFrom(settings.quality, random)),
        subsampled: random.next() < 0.5,
      };
      const light = toLight(pixels);
      const sites = photosites(light, width, height, { shot, read, gains }, random);
      const noise = demosaic(sites, width, height, smoothing);
      const bytes = new Uint8Array(light.length);
      for (let site = 0, i = 0; site < sites.length; site++)
        for (let channel = 0; channel < 3; channel++, i++)
          bytes[i] = byteOfLight(light[i]! + gains[channel]! * noise[channel]![site]!);
      if (!stored) return fromBytes(bytes);
      if (!codec)
        throw new PellucidError(
          'degradation/no-codec',
          'The degradation camera-noise needs an encoder for images that are stored: give createDegradation one.',
        );
      return fromBytes(await codec(bytes, width, height, options));
    },
  };
}

/** The channel that a photosite sees, by the parity of its row and column: RGGB. */
const BAYER = [
  [0, 1],
  [1, 2],
] as const;

interface Sensor {
  shot: number;
  read: number;
  gains: readonly [number, number, number];
}

/** The noise of every photosite, `width * height`. */
function photosites(
  light: Float32Array,
  width: number,
  height: number,
  { shot, read, gains }: Sensor,
  random: Random,
): Float32Array {
  const noise = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) {
      const channel = BAYER[y & 1]![x & 1]!;
      const caught = light[3 * at + channel]! / gains[channel];
      noise[at] = Math.sqrt(shot * caught + read) * random.normal();
    }
  return noise;
}

/**
 * The noise of red, green and blue everywhere, `width * height` each. Red and blue are interpolated as differences from
 * green, as cameras do, which is what gives the noise of the three so much in common.
 */
function demosaic(mosaic: Float32Array, width: number, height: number, smoothing: number): Float32Array[] {
  const green = fill(mosaic, width, height, 1);
  const difference = new Float32Array(mosaic.length);
  for (let at = 0; at < mosaic.length; at++) difference[at] = mosaic[at]! - green[at]!;
  const soft = smooth(green, width, height, smoothing);
  const coloured = (channel: number) => {
    const colour = smooth(fill(difference, width, height, channel), width, height, 2 * smoothing);
    for (let at = 0; at < colour.length; at++) colour[at]! += soft[at]!;
    return colour;
  };
  return [coloured(0), soft, coloured(2)];
}

/** A channel's values where it was seen, elsewhere the mean of the nearest photosites that saw it. */
function fill(mosaic: Float32Array, width: number, height: number, channel: number): Float32Array {
  const filled = new Float32Array(mosaic.length);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++) {
      const places = FOUND[channel]![y & 1]![x & 1]!;
      let sum = 0;
      let seen = 0;
      for (let i = 0; i < places.length; i++) {
        const { down, right } = places[i]!;
        if (y + down < 0 || y + down >= height || x + right < 0 || x + right >= width) continue;
        sum += mosaic[at + down * width + right]!;
        seen++;
      }
      filled[at] = seen > 0 ? sum / seen : 0;
    }
  return filled;
}

/**
 * Where a photosite finds each channel, by the parity of its row and column: at itself, or else among the eight around it,
 * rows down and columns to the right.
 */
const FOUND = [0, 1, 2].map((channel) =>
  BAYER.map((line, row) =>
    line.map((own, column) => {
      if (own === channel) return [{ down: 0, right: 0 }];
      const around = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => ({ down, right })));
      return around.filter(({ down, right }) => BAYER[(row + down) & 1]![(column + right) & 1] === channel);
    }),
  ),
);

/** A separable Gaussian; the edge goes on beyond itself. */
function smooth(plane: Float32Array, width: number, height: number, deviation: number): Float32Array {
  if (deviation < 0.1) return plane;
  const radius = Math.ceil(2.5 * deviation);
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const whole = taps.reduce((sum, tap) => sum + tap, 0);
  const across = new Float32Array(plane.length);
  const row = new Float32Array(width + 2 * radius);
  for (let y = 0; y < height; y++) {
    const line = plane.subarray(y * width, (y + 1) * width);
    row.fill(line[0]!, 0, radius).fill(line.at(-1)!, radius + width);
    row.set(line, radius);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap++) sum += taps[tap]! * row[x + tap]!;
      across[y * width + x] = sum / whole;
    }
  }
  const smoothed = new Float32Array(plane.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let tap = 0; tap < taps.length; tap++) {
      const from = Math.min(Math.max(y + tap - radius, 0), height - 1) * width;
      for (let x = 0; x < width; x++) sums[x]! += taps[tap]! * across[from + x]!;
    }
    for (let x = 0; x < width; x++) smoothed[y * width + x] = sums[x]! / whole;
  }
  return smoothed;
}
