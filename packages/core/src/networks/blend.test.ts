import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { describeMemory, describeTraining, noise } from '../../testing/networks.ts';
import { largestDifference, weightTensors } from '../../testing/reference.ts';
import { infer } from '../network/infer.ts';
import { Random } from '../random.ts';
import { buildNetwork } from './index.ts';
import { initialWeights } from './initial-weights.ts';

describeTraining({ kind: 'blend', images: 2 });
describeMemory({ kind: 'blend', images: 2 });

it.each([1, 3])('untrained, is the mean of %i images', async (images) => {
  await useTrainingWasm();
  const graph = buildNetwork({ kind: 'blend', images });
  const input = noise(4, 6, 3 * images);
  const mean = tf.mean(tf.reshape(input, [1, 4, 6, images, 3]), 3);
  const output = infer(graph, weightTensors(graph, initialWeights(graph, new Random(1))), input);
  expect(await largestDifference(output, mean)).toBeLessThan(1e-6);
});
