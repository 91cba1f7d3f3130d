import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { kinds } from '../../testing/kinds.ts';
import { livelyWeights, noise, peakBytes } from '../../testing/networks.ts';
import { buildNetwork } from '../networks/index.ts';
import type { Graph } from './graph.ts';
import { infer, inferInStrips } from './infer.ts';
import { schedule, streams, stripMemory } from './strips.ts';
import { trace } from './trace.ts';

beforeAll(useTrainingWasm);

const conditions = { noiseLevel: 100 };

/** Runs a network in strips and puts its output together. */
function inStrips(
  graph: Graph,
  weights: Record<string, tf.Tensor>,
  input: tf.Tensor4D,
  strip: number,
): tf.Tensor4D {
  const parts: tf.Tensor4D[] = [];
  const read = (from: number, end: number) => tf.slice(input, [0, from, 0, 0], [-1, end - from, -1, -1]);
  const source = { height: input.shape[1], strip, read };
  let next = 0;
  for (const { output } of inferInStrips(graph, weights, source, conditions)) {
    if (!output) continue;
    expect(output.from).toBe(next);
    next += output.rows.shape[1];
    parts.push(output.rows);
  }
  return tf.concat(parts, 1);
}

async function expectSame(graph: Graph, strips: number[]): Promise<void> {
  const weights = livelyWeights(graph);
  const input = noise(48, 16, graph.nodes[0]!.channels);
  const whole = infer(graph, weights, input, conditions);
  const size = (await tf.max(tf.abs(whole)).data())[0]!;
  for (const strip of strips) {
    const output = inStrips(graph, weights, input, strip);
    expect(output.shape).toEqual(whole.shape);
    const difference = (await tf.tidy(() => tf.max(tf.abs(tf.sub(output, whole)))).data())[0]!;
    expect(difference, `strips of ${strip}`).toBeLessThan(1e-5 * Math.max(1, size));
  }
}

const streaming = Object.entries(kinds)
  .map(([name, network]) => [name, trace(network, 8)] as const)
  .filter(([, graph]) => streams(graph));

it.each(streaming)('gives the same in strips as in one piece: %s', async (_, graph) => {
  await expectSame(graph, [graph.alignment, 3 * graph.alignment, 8]);
});

it('streams what is made for the edge, and nothing that looks far or whose windows move', () => {
  const names = streaming.map(([name]) => name);
  for (const name of ['conv 3x3', 'conv 4x4 by steps of 2', 'add', 'depth to space'])
    expect(names).toContain(name);
  for (const name of ['global mean', 'shifted window attention', 'bilinear x2'])
    expect(names).not.toContain(name);
});

describe('the edge students', () => {
  const restorer = buildNetwork({
    kind: 'edge-unet',
    widths: [8, 16, 24],
    encoder: [2, 1, 1],
    decoder: [2, 1],
  });
  const enlarger = buildNetwork({ kind: 'edge-sr', scale: 3, width: 8, depth: 2 });

  it.each([
    ['edge-unet', restorer],
    ['edge-sr', enlarger],
  ])('give the same in strips as in one piece: %s', async (_, graph) => {
    await expectSame(graph, [8, 16, 24, 40, 48]);
  });

  it('compute every row once', () => {
    const heights = restorer.nodes.map(({ stride }) => 1024 / stride);
    const made = heights.map(() => 0);
    for (const step of schedule(restorer, 1024, 32, () => {})) {
      expect(step.made.from).toBe(made[step.index]);
      made[step.index] = step.made.end;
    }
    expect(made).toEqual(heights);
  });

  it.each([8, 32, 96])('keep no more alive than stripMemory says, in strips of %i', (strip) => {
    const weights = livelyWeights(restorer);
    const input = noise(256, 32);
    const run = () => {
      const read = (from: number, end: number) => tf.slice(input, [0, from, 0, 0], [-1, end - from, -1, -1]);
      for (const { output } of inferInStrips(restorer, weights, { height: 256, strip, read }))
        output?.rows.dispose();
    };
    run();
    const peak = peakBytes(run);
    const expected = 32 * stripMemory(restorer, 256, strip);
    expect(peak).toBeLessThanOrEqual(expected);
    expect(peak).toBeGreaterThan(0.7 * expected);
  });

  it('free everything when they are ended early', () => {
    const weights = livelyWeights(restorer);
    const before = tf.memory().numTensors;
    const read = (from: number, end: number) => tf.zeros([1, end - from, 16, 3]) as tf.Tensor4D;
    const steps = inferInStrips(restorer, weights, { height: 256, strip: 32, read });
    for (let i = 0; i < 100; i++) steps.next().value?.output?.rows.dispose();
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    steps.return();
    expect(tf.memory().numTensors).toBe(before);
  });
});
