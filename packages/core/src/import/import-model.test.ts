import { describe, expect, it } from 'vitest';
import { PellucidError } from '../errors.ts';
import type { NamedArray } from '../model/safetensors.ts';
import { weightsOf } from '../network/cost.ts';
import { trace } from '../network/trace.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { importModel, importWeights } from './import-model.ts';
import type { StateDict } from './state-dict.ts';

const network: NetworkConfig = { kind: 'edge-unet', widths: [8, 16], encoder: [1, 1], decoder: [1] };

/** An array whose every value says where it stands: 0, 1, 2, ... */
function counted(...shape: number[]): NamedArray {
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i) };
}

/** What PyTorch would hold for the network's weights. */
function saved(): StateDict {
  return new Map(
    weightsOf(buildNetwork(network)).map(({ name, shape }): [string, NamedArray] => {
      const [height, width, inputs, outputs] = shape;
      return [name, outputs ? counted(outputs, inputs!, height!, width!) : counted(...shape)];
    }),
  );
}

function errorOf(change: (stateDict: StateDict) => void): PellucidError {
  const stateDict = saved();
  change(stateDict);
  try {
    importModel({ stateDict, network, name: 'n', task: 't' });
  } catch (error) {
    if (error instanceof PellucidError) return error;
    throw error;
  }
  throw new Error('the state dict was imported');
}

describe('importModel', () => {
  it('makes a model of the weights that the network needs, and names the others', () => {
    const stateDict = saved().set('aux.weight', counted(4)).set('bn.num_batches_tracked', counted(1));
    const { model, leftOver } = importModel({ stateDict, network, name: 'teacher', task: 'denoise' });
    expect(model).toMatchObject({ name: 'teacher', task: 'denoise', network });
    expect([...model.weights.keys()]).toEqual(weightsOf(model.graph).map(({ name }) => name));
    expect(leftOver).toEqual(['aux.weight']);
    // PyTorch's [out = 5, in = 2, row = 1, column = 0] of [8, 12, 3, 3] is our [1, 0, 2, 5] of [3, 3, 12, 8].
    const at = ((1 * 3 + 0) * 12 + 2) * 8 + 5;
    expect(model.weights.get('head.weight')![at]).toBe(((5 * 12 + 2) * 3 + 1) * 3 + 0);
    expect(new Set(model.weights.get('head.weight')).size).toBe(8 * 12 * 9);
  });

  it('names the tensor that is missing and those that it may be', () => {
    const error = errorOf((stateDict) => {
      stateDict.set('tail.kernel', stateDict.get('tail.weight')!);
      stateDict.delete('tail.weight');
      stateDict.delete('tail.bias');
    });
    expect(error.code).toBe('import/missing-tensor');
    expect(error.message).toMatch(
      /"tail\.weight" of shape \[12, 8, 3, 3\] \(nor 1 others of the 20 needed\)/,
    );
    expect(error.message).toContain('As large, and unused: tail.kernel.');
  });

  it('says which shape a tensor has and which it should have', () => {
    for (const [name, shape, wrong] of [
      ['head.weight', '[8, 12, 3, 3]', [12, 8, 3, 3]],
      ['head.weight', '[8, 12, 3, 3]', [8, 12, 3, 3, 1]],
      ['tail.bias', '[12]', [13]],
    ] as const) {
      const error = errorOf((stateDict) => stateDict.set(name, counted(...wrong)));
      expect(error.code).toBe('import/wrong-shape');
      expect(error.message).toContain(
        `"${name}" has shape [${wrong.join(', ')}], but the network needs ${shape}`,
      );
    }
  });
});

describe('importWeights', () => {
  it('reads linear layers as 1x1 convolutions', () => {
    const graph = trace((ops, x) => ops.conv(x, { name: 'fc', kernel: 1, channels: 2, bias: false }));
    const { weights } = importWeights(new Map([['fc.weight', counted(2, 3)]]), graph);
    expect([...weights.get('fc.weight')!]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('reads depthwise kernels channel by channel', () => {
    const graph = trace((ops, x) => ops.depthwise(x, { name: 'dw', kernel: 3, bias: false }));
    const { weights } = importWeights(new Map([['dw.weight', counted(3, 1, 3, 3)]]), graph);
    expect([...weights.get('dw.weight')!].slice(0, 6)).toEqual([0, 9, 18, 1, 10, 19]);
  });

  it('takes vectors as they are, whatever their shape', () => {
    const graph = trace((ops, x) => ops.channelScale(x, { name: 'beta', start: 0 }));
    const { weights } = importWeights(new Map([['beta', counted(1, 3, 1, 1)]]), graph);
    expect([...weights.get('beta')!]).toEqual([0, 1, 2]);
  });

  it('gives a layer that runs twice its weights once', () => {
    const twice = trace((ops, x) => {
      const settings = { name: 'conv', kernel: 1, channels: 3, bias: false };
      return ops.conv(ops.conv(x, settings), settings);
    });
    const { weights } = importWeights(new Map([['conv.weight', counted(3, 3, 1, 1)]]), twice);
    expect([...weights.keys()]).toEqual(['conv.weight']);
  });
});
