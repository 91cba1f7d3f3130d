import type { Random } from '@pellucid/core';

const side = 256;
const mask = side - 1;

/** A square of noise that repeats without a seam, for textures and outlines at any scale. */
export interface NoiseTile {
  /** The noise at a point, bilinearly interpolated; coordinates of any sign and size, one texel a unit. */
  at(x: number, y: number): number;
}

/**
 * Noise with power spectrum near `1 / f^(2 + 2 roughness)`: octaves of interpolated white noise, each `2^-smoothness`
 * times as strong as the next coarser one. `smoothness` 0 gives the spectrum of photographs, 1 rolling hills. Mean 0,
 * variance 1.
 */
export function noiseTile(smoothness: number, random: Random): NoiseTile {
  const values = new Float32Array(side * side);
  for (let cell = 1; cell <= side / 4; cell *= 2) addOctave(values, cell, cell ** smoothness, random);
  normalise(values);
  return {
    at(x, y) {
      const left = Math.floor(x);
      const top = Math.floor(y);
      const row = (top & mask) * side;
      const below = ((top + 1) & mask) * side;
      const column = left & mask;
      const right = (left + 1) & mask;
      const fx = x - left;
      const a = values[row + column]! + fx * (values[row + right]! - values[row + column]!);
      const b = values[below + column]! + fx * (values[below + right]! - values[below + column]!);
      return a + (y - top) * (b - a);
    },
  };
}

/** Adds white noise on a grid of `cell` texels, smoothly interpolated and repeating. */
function addOctave(values: Float32Array, cell: number, strength: number, random: Random): void {
  const nodes = side / cell;
  const grid = Float32Array.from({ length: nodes * nodes }, () => strength * random.uniform(-1, 1));
  const ease = Float32Array.from({ length: cell }, (_, k) => (3 - (2 * k) / cell) * (k / cell) ** 2);
  for (let y = 0; y < side; y++) {
    const row = Math.floor(y / cell) * nodes;
    const below = (row + nodes) % (nodes * nodes);
    const fy = ease[y % cell]!;
    for (let node = 0; node < nodes; node++) {
      const next = (node + 1) % nodes;
      const left = grid[row + node]! + fy * (grid[below + node]! - grid[row + node]!);
      const right = grid[row + next]! + fy * (grid[below + next]! - grid[row + next]!);
      const start = y * side + node * cell;
      for (let k = 0; k < cell; k++) values[start + k]! += left + ease[k]! * (right - left);
    }
  }
}

function normalise(values: Float32Array): void {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(squares / values.length - mean * mean);
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - mean) / deviation;
}
