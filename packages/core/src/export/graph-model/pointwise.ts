import type { Emitters } from '../emitter.ts';
import { attribute, type GraphModelBuilder } from './builder.ts';

export const pointwise: Emitters<GraphModelBuilder> = {
  add: (to, _, inputs) => to.op('AddV2', inputs),

  multiply: (to, _, inputs) => to.op('Mul', inputs),

  scale: (to, { factor, offset }, [x]) => {
    const constant = (value: number | number[]) =>
      Array.isArray(value) ? to.channels(value) : to.float(value);
    const scaled = factor === 1 ? x! : to.op('Mul', [x!, constant(factor)]);
    return offset === 0 ? scaled : to.op('AddV2', [scaled, constant(offset)]);
  },

  'channel-scale': (to, { name, channels }, [x]) => to.op('Mul', [x!, to.weight(name, [channels])]),

  concat: (to, _, inputs) => to.op('ConcatV2', [...inputs, to.int(3)], { N: attribute.int(inputs.length) }),

  slice: (to, { from, channels }, [x]) => to.sliceLast(x!, 4, from, channels),

  activation: (to, { activation, slope }, [x]) => {
    switch (activation) {
      case 'relu':
        return to.op('Relu', [x!]);
      case 'leaky-relu':
        return to.op('LeakyRelu', [x!], { alpha: attribute.float(slope) });
      case 'gelu':
        return gelu(to, x!);
      case 'sigmoid':
        return to.op('Sigmoid', [x!]);
      case 'tanh':
        return to.op('Tanh', [x!]);
      case 'softmax':
        return to.op('Softmax', [x!]);
    }
  },

  gate: (to, { channels, activation }, [x]) => {
    const first = to.sliceLast(x!, 4, 0, channels);
    const second = to.sliceLast(x!, 4, channels, channels);
    return to.op('Mul', [activation === 'gelu' ? gelu(to, first) : first, second]);
  },

  'layer-norm': (to, node, [x]) => {
    const { name, channels, epsilon, centred } = node;
    const apart = to.op('Sub', [x!, to.reduce('Mean', x!, 3)]);
    const variance = to.reduce('Mean', to.op('Square', [apart]), 3);
    const factor = to.op('Rsqrt', [to.op('AddV2', [variance, to.float(epsilon)])]);
    const normal = to.op('Mul', [centred ? apart : x!, factor]);
    const scaled = to.op('Mul', [normal, to.weight(`${name}.weight`, [channels])]);
    return centred ? to.op('AddV2', [scaled, to.weight(`${name}.bias`, [channels])]) : scaled;
  },

  normalize: (to, _, [x]) => unit(to, x!, 3),

  constant: (to, { value, channels }, [like]) =>
    to.op('Fill', [sizeOf(to, like!, channels), to.float(value)]),

  'noise-level': (to, _, [like]) => {
    const level = to.op('RealDiv', [to.input('noise_level', [-1]), to.float(255)]);
    return to.op('BroadcastTo', [to.reshape(level, -1, 1, 1, 1), sizeOf(to, like!, 1)]);
  },
};

function gelu(to: GraphModelBuilder, x: string): string {
  const error = to.op('Erf', [to.op('Mul', [x, to.float(Math.SQRT1_2)])]);
  const below = to.op('Mul', [to.op('AddV2', [error, to.float(1)]), to.float(0.5)]);
  return to.op('Mul', [x, below]);
}

/** `x` scaled to an L2 norm of 1 along an axis. */
export function unit(to: GraphModelBuilder, x: string, axis: number): string {
  const squares = to.reduce('Sum', to.op('Square', [x]), axis);
  return to.op('Mul', [x, to.op('Rsqrt', [to.op('Maximum', [squares, to.float(1e-24)])])]);
}

/** The shape of a feature of `like`'s batch and size with so many channels. */
export function sizeOf(to: GraphModelBuilder, like: string, channels: number): string {
  return to.shape(to.size(like, 0), to.size(like, 1), to.size(like, 2), channels);
}
