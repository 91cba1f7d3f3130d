import type { Feature, Ops } from '../src/network/trace.ts';

/** Each kind of node at the end of a smallest network, on 8 channels. */
export const kinds: Record<string, (ops: Ops, x: Feature) => Feature> = {
  'conv 3x3': (ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 3 }),
  'conv 5x5, leaky': (ops, x) =>
    ops.conv(x, { name: 'a', channels: 8, kernel: 5, activation: 'leaky-relu', slope: 0.2 }),
  'conv 1x1 without bias': (ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 1, bias: false }),
  'conv 2x2 by steps of 2': (ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 2, step: 2 }),
  'conv 3x3 by steps of 2': (ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 3, step: 2 }),
  'conv 4x4 by steps of 2': (ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 4, step: 2 }),
  'conv 3x3, dilated': (ops, x) => ops.conv(x, { name: 'a', channels: 8, kernel: 3, dilation: 2 }),
  'depthwise 3x3': (ops, x) => ops.depthwise(x, { name: 'a', kernel: 3 }),
  'depthwise 5x5 without bias': (ops, x) => ops.depthwise(x, { name: 'a', kernel: 5, bias: false }),
  'depthwise 3x3, two filters a channel': (ops, x) =>
    ops.depthwise(x, { name: 'a', kernel: 3, multiplier: 2 }),
  'depthwise 3x3, dilated': (ops, x) => ops.depthwise(x, { name: 'a', kernel: 3, dilation: 2, bias: false }),
  'depthwise 5x5, dilated': (ops, x) => ops.depthwise(x, { name: 'a', kernel: 5, dilation: 2 }),
  'grouped conv': (ops, x) => ops.groupedConv(x, { name: 'a', channels: 4, kernel: 3 }),
  add: (ops, x) => ops.add(x, ops.slice(ops.concat(x, x), 3, 8)),
  'multiply by a feature': (ops, x) => ops.multiply(x, ops.scale(x, { factor: 2, offset: 1 })),
  'multiply by one channel': (ops, x) => ops.multiply(x, ops.slice(x, 2, 1)),
  gate: (ops, x) => ops.gate(x),
  'gate with GELU': (ops, x) => ops.gate(x, 'gelu'),
  'scale each channel': (ops, x) =>
    ops.scale(x, { factor: [1, 2, 3, 4, 5, 6, 7, 8], offset: [8, 7, 6, 5, 4, 3, 2, 1] }),
  'channel scale': (ops, x) => ops.channelScale(x, { name: 'a', start: 1 }),
  'split and concat': (ops, x) => ops.concat(...ops.split(x, 4).reverse()),
  relu: (ops, x) => ops.activation(x, 'relu'),
  'leaky relu': (ops, x) => ops.activation(x, 'leaky-relu', { slope: 0.1 }),
  gelu: (ops, x) => ops.activation(x, 'gelu'),
  sigmoid: (ops, x) => ops.activation(x, 'sigmoid'),
  tanh: (ops, x) => ops.activation(x, 'tanh'),
  softmax: (ops, x) => ops.activation(x, 'softmax'),
  'layer norm': (ops, x) => ops.layerNorm(x, { name: 'a', epsilon: 1e-5 }),
  'layer norm, not centred': (ops, x) => ops.layerNorm(x, { name: 'a', epsilon: 1e-5, centred: false }),
  normalize: (ops, x) => ops.normalize(x),
  'block mean': (ops, x) => ops.blockPool(x, 'mean', 2),
  'block max': (ops, x) => ops.blockPool(x, 'max', 2),
  'average pool': (ops, x) => ops.averagePool(x, 3),
  'nearest x2': (ops, x) => ops.resize(x, 'nearest', 2),
  'bilinear x2': (ops, x) => ops.resize(x, 'bilinear', 2),
  'space to depth': (ops, x) => ops.spaceToDepth(x, 2),
  'space to depth, channel first': (ops, x) => ops.spaceToDepth(x, 2, 'channel'),
  'depth to space': (ops, x) => ops.depthToSpace(x, 2),
  'depth to space, channel first': (ops, x) => ops.depthToSpace(x, 2, 'channel'),
  'window attention': (ops, x) =>
    ops.windowAttention(ops.concat(x, x, x), { name: 'a', window: 4, heads: 2, shift: 0 }),
  'shifted window attention': (ops, x) => {
    const qkv = ops.concat(ops.cyclicShift(x, 2), ops.cyclicShift(x, 2), ops.cyclicShift(x, 2));
    const mixed = ops.windowAttention(qkv, { name: 'a', window: 4, heads: 2, shift: 2 });
    return ops.cyclicShift(mixed, -2);
  },
  'channel attention': (ops, x) => ops.channelAttention(ops.concat(x, x, x), { name: 'a', heads: 2 }),
  'sparse channel attention': (ops, x) =>
    ops.sparseChannelAttention(ops.concat(x, x, x), { name: 'a', heads: 2 }),
  'window offset': (ops, x) => ops.windowOffset(x, { name: 'a', window: 4 }),
  'window DCT': (ops, x) => ops.windowDct(x, 4, 'forward'),
  'inverse window DCT': (ops, x) => ops.windowDct(x, 4, 'inverse'),
  'global mean': (ops, x) => ops.multiply(x, ops.globalPool(x, 'mean')),
  'global deviation': (ops, x) => ops.multiply(x, ops.globalPool(x, 'deviation')),
  'global variance': (ops, x) => ops.multiply(x, ops.globalPool(x, 'variance')),
  constant: (ops, x) => ops.add(x, ops.constant(x, 8, 0.5)),
  'noise level': (ops, x) => ops.multiply(x, ops.noiseLevel(x)),
};
