import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import {
  describeMemory,
  describeReference,
  describeTraining,
  livelyWeights,
  noise,
} from '../../testing/networks.ts';
import { largestDifference, weightTensors } from '../../testing/reference.ts';
import { infer } from '../network/infer.ts';
import { Random } from '../random.ts';
import { buildNetwork, networkConfig } from './index.ts';
import { initialWeights } from './initial-weights.ts';
import { meanColour } from './super-resolution.ts';

describe('DCTSwin', () => {
  const reference = { kind: 'dctswin', width: 24, depths: [2, 2], heads: 3, output: 'centred' };
  // The official mask compares a DCT's coefficients for equality, which rounding can decide: it may change with the
  // machine and the DCT's code. Ours is that of exact arithmetic; other roundings move the output by as much as this.
  const tolerance = 2e-3;
  describeReference('dctswin_x2.safetensors', { ...reference, scale: 2 }, undefined, tolerance);
  describeReference('dctswin_x4.safetensors', { ...reference, scale: 4 }, ['wasm'], tolerance);
  const small = { kind: 'dctswin', scale: 2, width: 8, depths: [2], heads: 2, window: 4 };
  describeTraining(small);
  describeMemory(small);

  it('corrects the first of its images, where that is asked of it, and is that before', async () => {
    await useTrainingWasm();
    const graph = buildNetwork(networkConfig.parse({ ...small, output: 'correction', images: 2 }));
    const centred = buildNetwork(networkConfig.parse({ ...small, output: 'centred', images: 2 }));
    const weights = livelyWeights(centred);
    const images = noise(8, 8, 6);
    const [first, second] = tf.split(images, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    const seen = tf.concat([first, tf.mul(16, tf.sub(second, first))], 3) as tf.Tensor4D;
    const expected = tf.add(infer(centred, weights, seen), first);
    expect(await largestDifference(infer(graph, weights, images), expected)).toBeLessThan(1e-5);
    const untrained = weightTensors(graph, initialWeights(graph, new Random(1)));
    expect(await largestDifference(infer(graph, untrained, images), first)).toBeLessThan(1e-6);
  });

  it('makes a photograph of what the official module ends at', async () => {
    await useTrainingWasm();
    const graph = buildNetwork(networkConfig.parse(small));
    const centred = buildNetwork(networkConfig.parse({ ...small, output: 'centred' }));
    const weights = livelyWeights(graph);
    const images = noise(8, 8, 9);
    const expected = tf.add(tf.div(infer(centred, weights, images), 255), tf.tensor1d([...meanColour]));
    expect(await largestDifference(infer(graph, weights, images), expected)).toBeLessThan(1e-6);
  });
});
