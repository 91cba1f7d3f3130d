import { expect, test } from 'vitest';
import { learningRateAt } from './schedule.ts';

const schedule = { learningRate: 1e-3, finalLearningRate: 1e-6, warmup: 10, steps: 111 };

test('warms up linearly to the peak', () => {
  expect(learningRateAt(0, schedule)).toBeCloseTo(1e-4, 12);
  expect(learningRateAt(4, schedule)).toBeCloseTo(5e-4, 12);
  expect(learningRateAt(9, schedule)).toBeCloseTo(1e-3, 12);
  expect(learningRateAt(10, schedule)).toBeCloseTo(1e-3, 12);
});

test('falls as half a cosine and ends at the final rate', () => {
  expect(learningRateAt(60, schedule)).toBeCloseTo((1e-3 + 1e-6) / 2, 12);
  expect(learningRateAt(110, schedule)).toBeCloseTo(1e-6, 12);
  for (let step = 11; step < 111; step++)
    expect(learningRateAt(step, schedule)).toBeLessThan(learningRateAt(step - 1, schedule));
});

test('works without warm-up', () => {
  expect(learningRateAt(0, { ...schedule, warmup: 0 })).toBeCloseTo(1e-3, 12);
});
