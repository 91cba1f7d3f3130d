import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { installInferenceKernels } from '../kernels/index.ts';
import { startWasm } from './node.ts';

it('starts the backend and installs the kernels that restore, or those asked for', async () => {
  let asked = 0;
  await startWasm({
    install: (options) => {
      asked++;
      installInferenceKernels(options);
    },
  });
  expect(asked).toBe(1);
  expect(tf.getBackend()).toBe('wasm');
  const x = tf.ones<tf.Rank.R4>([1, 4, 4, 8]);
  const y = tf.conv2d(x, tf.ones<tf.Rank.R4>([3, 3, 8, 8]), 1, 'same');
  expect((await y.data())[5 * 8]).toBeCloseTo(72, 3);
});
