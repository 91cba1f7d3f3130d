import { l1, Random, spectrumLoss } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { distanceOf } from './distance.ts';

beforeAll(async () => void (await openEngine('wasm')));

test('the distances add up by their weights', () => {
  const random = new Random(3);
  const patch = () =>
    tf.tensor4d(
      Float32Array.from({ length: 192 }, () => random.next()),
      [1, 8, 8, 3],
    );
  const [a, b] = [patch(), patch()];
  const [pixels, spectrum] = [l1(a, b), spectrumLoss(a, b)].map((value) => value.dataSync()[0]!) as [
    number,
    number,
  ];
  const of = (loss: Parameters<typeof distanceOf>[0]) => distanceOf(loss)(a, b).dataSync()[0];
  expect(of({ l1: 1, spectrum: 0 })).toBeCloseTo(pixels, 6);
  expect(of({ l1: 0.5, spectrum: 2 })).toBeCloseTo(0.5 * pixels + 2 * spectrum, 6);
});
