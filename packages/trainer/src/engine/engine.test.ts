import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { openEngine } from './index.ts';
import { proveGradients } from './proof.ts';

test('auto takes what works here and says why', async () => {
  const engine = await openEngine('auto');
  expect(['node-gpu', 'wasm']).toContain(engine.name);
  if (engine.name === 'wasm')
    expect(engine.description).toMatch(/^wasm .*because node-gpu is not available$/);
});

test('wasm and cpu agree on a gradient', async () => {
  const gradients: Float32Array[] = [];
  for (const name of ['wasm', 'cpu']) {
    await openEngine(name);
    const x = tf.randomNormal<tf.Rank.R4>([2, 12, 10, 16], 0, 1, 'float32', 1);
    const w = tf.randomNormal<tf.Rank.R4>([3, 3, 16, 16], 0, 1, 'float32', 2);
    const slope = tf.grad((w) => tf.sum(tf.abs(tf.conv2d(x, w as tf.Tensor4D, 1, 'same'))))(w);
    gradients.push((await slope.data()) as Float32Array);
  }
  const [wasm, cpu] = gradients;
  expect(Math.max(...cpu!.map((value, i) => Math.abs(value - wasm![i]!)))).toBeLessThan(2e-3);
});

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
    expect(proveGradients).toThrow(expect.objectContaining({ code: 'engine/wrong-gradient' }));
    await expect(openEngine('cpu')).rejects.toMatchObject({ code: 'engine/unusable' });
  } finally {
    tf.unregisterKernel('Conv2DBackpropFilter', 'cpu');
    tf.registerKernel(kernel);
  }
});

test('an engine asked for by name and not installed says what to install', async () => {
  await expect(openEngine('node-gpu')).rejects.toMatchObject({
    code: 'engine/not-installed',
    message: expect.stringContaining('pnpm add -w @tensorflow/tfjs-node-gpu@4.22.0'),
  });
});

test('an unknown engine is named, with the nearest', async () => {
  await expect(openEngine('wsam')).rejects.toMatchObject({
    code: 'engine/unknown',
    message: expect.stringMatching(/did you mean "wasm"\? Engines: auto, /),
  });
});
