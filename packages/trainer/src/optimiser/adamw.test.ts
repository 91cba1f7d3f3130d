import { expect, test } from 'vitest';
import { adamw } from './adamw.ts';

const settings = { beta1: 0.9, beta2: 0.999, weightDecay: 0 };
const moments = (n: number) => ({ first: new Float32Array(n), second: new Float32Array(n) });

test('the first step moves each weight by the learning rate against its gradient', () => {
  const weights = Float32Array.of(1, 1, 1);
  adamw(weights, Float32Array.of(5, -0.01, 0), moments(3), settings, 0.1, 0);
  expect(Array.from(weights)).toEqual([expect.closeTo(0.9, 6), expect.closeTo(1.1, 5), expect.closeTo(1, 6)]);
});

test('agrees with a second step worked by hand', () => {
  // g = 2 then -1, lr 0.01: m = 0.1*2 = 0.2 -> 0.08, v = 0.004 -> 0.004996
  const weights = Float32Array.of(0);
  const state = moments(1);
  adamw(weights, Float32Array.of(2), state, settings, 0.01, 0);
  adamw(weights, Float32Array.of(-1), state, settings, 0.01, 1);
  const m = 0.08 / (1 - 0.81);
  const v = 0.004996 / (1 - 0.998001);
  expect(weights[0]).toBeCloseTo(-0.01 - (0.01 * m) / Math.sqrt(v), 6);
});

test('weight decay does not pass through the moments', () => {
  const weights = Float32Array.of(2);
  const state = moments(1);
  adamw(weights, Float32Array.of(0), state, { ...settings, weightDecay: 0.5 }, 0.1, 0);
  expect(weights[0]).toBeCloseTo(2 * (1 - 0.05), 6);
  expect(state.first[0]).toBe(0);
});
