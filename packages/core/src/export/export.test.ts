import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../testing/kinds.ts';
import { withBranches } from '../network/reparameterise.ts';
import { trace } from '../network/trace.ts';
import { exportGraphModel, exportOnnx } from './index.ts';
import { expectSameInBothFormats, lively } from './testing.ts';

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.entries(kinds))('%s', (_, network) => {
  it('computes the same in ONNX and in TensorFlow.js', () =>
    expectSameInBothFormats(lively(trace(network, 8))));
});

it('a kind of node that no format has, such as one that only trains, is refused by name', () => {
  const plain = trace((ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 3 }));
  const model = lively(withBranches(plain));
  for (const write of [exportOnnx, exportGraphModel])
    expect(() => write(model)).toThrow(
      expect.objectContaining({
        code: 'export/unsupported-node',
        message: expect.stringContaining('"branched-conv"'),
      }),
    );
});
