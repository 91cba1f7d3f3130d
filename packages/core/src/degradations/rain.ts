import * as z from 'zod';
import type { Random } from '../random.ts';
import type { ImmediateDegradation } from './degradation.ts';
import { drawFrom, rangeOf } from './range.ts';

/** Settings of falling rain. Each is one value, or a range from which each image (or layer) draws its own. */
export const RainSettings = z.strictObject({
  kind: z.literal('rain'),
  /** Directions of fall at once: 1 in light rain, up to 5 in the heavy rain of Rain100H. */
  layers: z.int().min(1).max(8).default(1),
  /** The share of the image that a layer's streaks would cover if none overlapped, 0..1. */
  coverage: rangeOf(z.number().min(0).max(1)).default([0.03, 0.35]),
  /** Angle of fall against the vertical, in degrees. */
  angle: rangeOf(z.number().min(-80).max(80)).default([-40, 40]),
  /** Mean length of a streak, in pixels. */
  length: rangeOf(z.number().positive().max(200)).default([8, 45]),
  /** Standard deviation of a streak's brightness across it, in pixels. */
  width: rangeOf(z.number().min(0.2).max(5)).default([0.4, 1.2]),
  /** How much light the brightest part of a streak adds, 0..1. */
  brightness: rangeOf(z.number().min(0).max(1)).default([0.15, 0.6]),
});
export type RainSettings = z.infer<typeof RainSettings>;

/**
 * Adds streaks of rain: the additive model of Yang et al. (2017), observed = clean + streaks, clipped to 0..1 as a
 * camera clips. A streak is a grey line, Gaussian across and fading towards its ends; the streaks of a layer fall in
 * one direction and differ a little in angle, length and brightness.
 */
export function rain(settings: Omit<RainSettings, 'kind'>): ImmediateDegradation {
  return {
    apply(pixels, width, height, random) {
      const light = new Float32Array(width * height);
      for (let layer = 0; layer < settings.layers; layer++) addLayer(light, width, height, settings, random);
      const rainy = new Float32Array(pixels.length);
      for (let i = 0; i < rainy.length; i++) rainy[i] = Math.min(1, pixels[i]! + light[Math.floor(i / 3)]!);
      return rainy;
    },
  };
}

function addLayer(
  light: Float32Array,
  width: number,
  height: number,
  settings: Omit<RainSettings, 'kind'>,
  random: Random,
): void {
  const coverage = drawFrom(settings.coverage, random);
  const angle = drawFrom(settings.angle, random);
  const meanLength = drawFrom(settings.length, random);
  const deviation = drawFrom(settings.width, random);
  const brightness = drawFrom(settings.brightness, random);
  // Streaks that begin outside the image reach into it.
  const margin = 2 * meanLength;
  // As wide as a box of the same height and area.
  const streakArea = meanLength * deviation * Math.sqrt(2 * Math.PI);
  const count = Math.round((coverage * (width + 2 * margin) * (height + 2 * margin)) / streakArea);
  for (let streak = 0; streak < count; streak++) {
    const radians = ((angle + 2 * random.normal()) * Math.PI) / 180;
    drawStreak(light, width, height, {
      x: random.uniform(-margin, width + margin),
      y: random.uniform(-margin, height + margin),
      along: [Math.sin(radians), Math.cos(radians)],
      length: meanLength * random.uniform(0.4, 1.6),
      deviation: deviation * random.uniform(0.7, 1.3),
      brightness: brightness * random.uniform(0.3, 1),
    });
  }
}

interface Streak {
  /** Its middle. */
  x: number;
  y: number;
  /** Unit vector along it. */
  along: [number, number];
  length: number;
  deviation: number;
  brightness: number;
}

function drawStreak(
  light: Float32Array,
  width: number,
  height: number,
  { x, y, along: [dx, dy], length, deviation, brightness }: Streak,
): void {
  const reach = 3 * deviation;
  const [halfX, halfY] = [(Math.abs(dx) * length) / 2 + reach, (Math.abs(dy) * length) / 2 + reach];
  const left = Math.max(0, Math.ceil(x - halfX));
  const right = Math.min(width - 1, Math.floor(x + halfX));
  const top = Math.max(0, Math.ceil(y - halfY));
  const bottom = Math.min(height - 1, Math.floor(y + halfY));
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) {
      const [offsetX, offsetY] = [column - x, row - y];
      const across = offsetX * dy - offsetY * dx;
      const along = (2 * (offsetX * dx + offsetY * dy)) / length;
      if (Math.abs(across) > reach || Math.abs(along) > 1) continue;
      const profile = Math.exp(-(across * across) / (2 * deviation * deviation)) * (1 - along ** 4);
      light[row * width + column]! += brightness * profile;
    }
}
