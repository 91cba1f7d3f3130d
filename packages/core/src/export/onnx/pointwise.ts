import type { Emitters } from '../emitter.ts';
import type { OnnxBuilder } from './builder.ts';

export const pointwise: Emitters<OnnxBuilder> = {
  add: (to, _, inputs) => to.op('Add', inputs),

  multiply: (to, _, inputs) => to.op('Mul', inputs),

  scale: (to, { factor, offset }, [x]) => {
    const constant = (value: number | number[]) =>
      Array.isArray(value) ? to.channels(value) : to.float(value);
    const scaled = factor === 1 ? x! : to.op('Mul', [x!, constant(factor)]);
    return offset === 0 ? scaled : to.op('Add', [scaled, constant(offset)]);
  },

  'channel-scale': (to, { name, channels }, [x]) => to.op('Mul', [x!, to.weight(name, [channels, 1, 1])]),

  concat: (to, _, inputs) => to.op('Concat', inputs, { axis: 1 }),

  slice: (to, { from, channels }, [x]) => sliceChannels(to, x!, from, channels),

  activation: (to, { activation, slope }, [x]) => {
    switch (activation) {
      case 'relu':
        return to.op('Relu', [x!]);
      case 'leaky-relu':
        return to.op('LeakyRelu', [x!], { alpha: { float: slope } });
      case 'gelu':
        return to.op('Gelu', [x!]);
      case 'sigmoid':
        return to.op('Sigmoid', [x!]);
      case 'tanh':
        return to.op('Tanh', [x!]);
      case 'softmax':
        return to.op('Softmax', [x!], { axis: 1 });
    }
  },

  gate: (to, { channels, activation }, [x]) => {
    const first = sliceChannels(to, x!, 0, channels);
    const second = sliceChannels(to, x!, channels, channels);
    return to.op('Mul', [activation === 'gelu' ? to.op('Gelu', [first]) : first, second]);
  },

  // ONNX's own LayerNormalization works on the last axis only.
  'layer-norm': (to, node, [x]) => {
    const { name, channels, epsilon, centred } = node;
    const apart = to.op('Sub', [x!, to.op('ReduceMean', [x!, to.ints(1)])]);
    const variance = to.op('ReduceMean', [to.op('Mul', [apart, apart]), to.ints(1)]);
    const deviation = to.op('Sqrt', [to.op('Add', [variance, to.float(epsilon)])]);
    const normal = to.op('Div', [centred ? apart : x!, deviation]);
    const scaled = to.op('Mul', [normal, to.weight(`${name}.weight`, [channels, 1, 1])]);
    return centred ? to.op('Add', [scaled, to.weight(`${name}.bias`, [channels, 1, 1])]) : scaled;
  },

  normalize: (to, _, [x]) => unit(to, x!, 1),

  constant: (to, { value, channels }, [like]) =>
    to.op('Expand', [to.float(value), sizeOf(to, like!, channels)]),

  'noise-level': (to, _, [like]) => {
    const level = to.op('Div', [to.input('noise_level', ['batch']), to.float(255)]);
    return to.op('Expand', [to.op('Reshape', [level, to.ints(-1, 1, 1, 1)]), sizeOf(to, like!, 1)]);
  },
};

/** `count` channels of an NCHW feature. */
export function sliceChannels(to: OnnxBuilder, x: string, from: number, count: number): string {
  return to.op('Slice', [x, to.ints(from), to.ints(from + count), to.ints(1)]);
}

/** `x` scaled to an L2 norm of 1 along an axis. */
export function unit(to: OnnxBuilder, x: string, axis: number): string {
  const norm = to.op('ReduceL2', [x, to.ints(axis)]);
  return to.op('Div', [x, to.op('Max', [norm, to.float(1e-12)])]);
}

/** The shape of a feature of `like`'s batch and size with so many channels. */
export function sizeOf(to: OnnxBuilder, like: string, channels: number): string {
  const batch = to.op('Shape', [like], { start: 0, end: 1 });
  const size = to.op('Shape', [like], { start: 2, end: 4 });
  return to.op('Concat', [batch, to.ints(channels), size], { axis: 0 });
}
