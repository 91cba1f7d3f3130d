import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { describeMemory, describeTraining, noise } from '../../testing/networks.ts';
import { largestDifference, weightTensors } from '../../testing/reference.ts';
import { macsPerPixel, parameters } from '../network/cost.ts';
import { infer } from '../network/infer.ts';
import { receptiveField } from '../network/receptive-field.ts';
import { Random } from '../random.ts';
import { buildNetwork, networkConfig } from './index.ts';
import { initialWeights } from './initial-weights.ts';

const build = (settings: object) => buildNetwork(networkConfig.parse({ kind: 'edge-sr', ...settings }));

describe('edge-sr', () => {
  describe.each([2, 3])('x%i', (scale) => {
    const small = { kind: 'edge-sr', scale, width: 8, depth: 2 };
    describeTraining(small);
    describeMemory(small);
  });

  it.each([2, 3, 4])('untrained, enlarges by the nearest pixel at x%i', async (scale) => {
    await useTrainingWasm();
    const graph = build({ scale });
    const input = noise(5, 7);
    const output = infer(graph, weightTensors(graph, initialWeights(graph, new Random(1))), input);
    const nearest = tf.image.resizeNearestNeighbor(input, [5 * scale, 7 * scale]);
    expect(await largestDifference(output, nearest)).toBe(0);
  });

  it.each([
    { scale: 2, values: 50_604, gigamacs: 11.61 },
    { scale: 4, values: 61_008, gigamacs: 3.5 },
  ])('takes $gigamacs GMACs for an output of 1280x720 at x$scale', ({ scale, values, gigamacs }) => {
    const graph = build({ scale });
    expect(parameters(graph)).toBe(values);
    expect((macsPerPixel(graph) * 1280 * 720) / scale ** 2 / 1e9).toBeCloseTo(gigamacs, 2);
    expect(receptiveField(graph)).toEqual({ before: 7, after: 7 });
  });

  it('names what feature distillation compares', () => {
    expect(Object.keys(build({ depth: 2 }).taps)).toEqual(['head', 'body0', 'body1', 'tail']);
  });
});
