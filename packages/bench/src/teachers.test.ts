import { readFileSync } from 'node:fs';
import path from 'node:path';
import { infer, readSafetensors } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useCpu, useTrainingWasm } from '../../core/testing/engines.ts';
import { largestDifference, weightTensors } from '../../core/testing/reference.ts';
import { teachersFolder } from './folders.ts';
import { foreignTeacher, presentTeachers } from './teachers.ts';

/** How far the network is from the output of its authors' own code, at most. */
async function difference(name: string): Promise<number> {
  const { model } = await foreignTeacher(name);
  const { tensors } = readSafetensors(readFileSync(path.join(teachersFolder(), `${name}.safetensors`)));
  const image = (key: string) => {
    const { shape, data } = tensors.get(key)!;
    return tf.tensor4d(data, [1, ...shape] as [number, number, number, number]);
  };
  const weights = weightTensors(model.graph, model.weights);
  const output = infer(model.graph, weights, image('in'), { noiseLevel: 25 });
  return largestDifference(output, image('out'));
}

const names = await presentTeachers();

describe.skipIf(names.length === 0)(
  `the networks of others${names.length === 0 ? ` (skipped: none in ${teachersFolder()})` : ''}`,
  () => {
    it.each(names)('%s gives the output of its authors, on wasm', async (name) => {
      await useTrainingWasm();
      expect(await difference(name)).toBeLessThan(1e-3);
    });

    it.each(names)(
      '%s gives the output of its authors, on cpu',
      async (name) => {
        await useCpu();
        expect(await difference(name)).toBeLessThan(1e-3);
      },
      240_000,
    );
  },
);
