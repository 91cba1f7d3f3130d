import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { readSafetensors } from '../model/safetensors.ts';
import { weightsOf } from '../network/cost.ts';
import { infer } from '../network/infer.ts';
import { type NetworkConfig, networkConfig } from '../networks/index.ts';
import { importModel } from './import-model.ts';
import { readStateDict } from './state-dict.ts';

const root = path.join(import.meta.dirname, '../../../..');
const teachers = path.resolve(root, process.env.PELLUCID_TEACHERS ?? '../shared/teachers');

const published: [file: string, settings: Partial<NetworkConfig>, oracle: string][] = [
  ['IMDN_x2.pth', { kind: 'imdn', scale: 2 }, 'imdn_x2.safetensors'],
  ['PANx2_DF2K.pth', { kind: 'pan', scale: 2 }, 'pan_x2.safetensors'],
  ['PReNet_Rain100L.pth', { kind: 'prenet' }, 'prenet_Rain100L.safetensors'],
];

beforeAll(useWasm);

describe.each(published)('%s', (file, settings, oracle) => {
  const absent = [path.join(teachers, 'pytorch', file), path.join(teachers, oracle)].filter(
    (needed) => !existsSync(needed),
  );
  it.skipIf(absent.length > 0)(
    `imported, gives the official output${absent.map((needed) => `; no ${needed}`)}`,
    async () => {
      const stateDict = readStateDict(readFileSync(path.join(teachers, 'pytorch', file)));
      const network = networkConfig.parse(settings);
      const { model, leftOver } = importModel({ stateDict, network, name: file, task: 'test' });
      expect(leftOver).toEqual([]);

      const { tensors } = readSafetensors(readFileSync(path.join(teachers, oracle)));
      const image = (name: string) => {
        const { shape, data } = tensors.get(name)!;
        return tf.tensor4d(data, [1, ...(shape as [number, number, number])]);
      };
      const weights = Object.fromEntries(
        weightsOf(model.graph).map(({ name, shape }) => [name, tf.tensor(model.weights.get(name)!, shape)]),
      );
      const output = infer(model.graph, weights, image('in'));
      const error = tf.max(tf.abs(tf.sub(output, image('out'))));
      expect((await error.data())[0]).toBeLessThan(1e-3);
    },
  );
});
