import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { physicalCores } from './cores.ts';
import { openEngine } from './index.ts';
import { proveGradients } from './proof.ts';

test('auto takes what works here and says why', async () => {
  const { name, description } = await openEngine('auto');
  expect(['node-gpu', 'webgpu', 'node', 'wasm']).toContain(name);
  expect(description.startsWith(`${name} (`)).toBe(true);
  expect(description).not.toContain('software');
  if (name === 'wasm' || name === 'node') expect(description).toMatch(/node-gpu .*, webgpu /);
}, 60_000);

test('an engine that differentiates wrongly is not taken', async () => {
  await openEngine('cpu');
  const kernel = tf.getKernel('Conv2DBackpropFilter', 'cpu');
  tf.unregisterKernel('Conv2DBackpropFilter', 'cpu');
  tf.registerKernel({
    ...kernel,
    kernelFunc: (call) => {
      const info = kernel.kernelFunc(call) as tf.TensorInfo;
      return tf.mul(tf.engine().makeTensorFromTensorInfo(info), 1.01);
    },
  });
  try {
    await expect(proveGradients()).rejects.toMatchObject({ code: 'engine/wrong-gradient' });
    await expect(openEngine('cpu')).rejects.toMatchObject({ code: 'engine/unusable' });
  } finally {
    tf.unregisterKernel('Conv2DBackpropFilter', 'cpu');
    tf.registerKernel(kernel);
  }
});

test('proving leaves no tensor behind', async () => {
  await openEngine('cpu');
  const before = tf.memory().numTensors;
  await proveGradients();
  expect(tf.memory().numTensors).toBe(before);
});

test('an engine asked for by name that cannot run here is an error that says what to do', async () => {
  const refused = await openEngine('node-gpu').catch((error) => error);
  if (refused.name === 'node-gpu') return;
  expect(refused.code).toMatch(/^engine\/(not-installed|no-gpu)$/);
  expect(refused.message).toMatch(/engine:native node-gpu|driver/);
});

test('an unknown engine is named, with the nearest', async () => {
  await expect(openEngine('wsam')).rejects.toMatchObject({
    code: 'engine/unknown',
    message: expect.stringMatching(/did you mean "wasm"\? Engines: auto, /),
  });
});

test('there is at least one core, and no more than the system has', () => {
  expect(physicalCores()).toBeGreaterThanOrEqual(1);
});
