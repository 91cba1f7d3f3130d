import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { installInferenceKernels, useInWorkspaces } from '../kernels/index.ts';
import { Workspace } from '../kernels/workspace.ts';
import { startWasm, startWorkspaces } from './node.ts';

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

it('has workspaces bring the kernels beside another backend', async () => {
  useInWorkspaces(undefined);
  expect(new Workspace().side).toBeUndefined();
  await startWorkspaces();
  expect(new Workspace().side).toBeDefined();
});
