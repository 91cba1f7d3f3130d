import { padding } from '../../network/ops/conv.ts';
import type { Emitters } from '../emitter.ts';
import type { OnnxBuilder } from './builder.ts';

export const convolutions: Emitters<OnnxBuilder> = {
  conv: (to, node, [x]) => {
    const { name, kernel, inputChannels, channels, step, dilation, bias } = node;
    const inputs = [x!, filter(to, name, kernel, inputChannels, channels)];
    if (bias) inputs.push(to.weight(`${name}.bias`, [channels]));
    const sum = to.op('Conv', inputs, {
      ...around(kernel, padding(node)),
      strides: [step, step],
      dilations: [dilation, dilation],
    });
    switch (node.activation) {
      case 'none':
        return sum;
      case 'relu':
        return to.op('Relu', [sum]);
      case 'leaky-relu':
        return to.op('LeakyRelu', [sum], { alpha: { float: node.slope } });
    }
  },

  'grouped-conv': (to, node, [x]) => {
    const { name, kernel, group, channels } = node;
    return to.op('Conv', [x!, filter(to, name, kernel, group, channels)], {
      ...around(kernel, (kernel - 1) / 2),
      group: channels,
    });
  },

  depthwise: (to, node, [x]) => {
    const { name, kernel, channels, multiplier, dilation, bias } = node;
    const inputs = [x!, filter(to, name, kernel, 1, channels)];
    if (bias) inputs.push(to.weight(`${name}.bias`, [channels]));
    return to.op('Conv', inputs, {
      ...around(kernel, padding({ ...node, step: 1 })),
      dilations: [dilation, dilation],
      group: channels / multiplier,
    });
  },
};

function around(kernel: number, pad: number) {
  return { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad] };
}

/** A filter [kernel, kernel, in, out], or that of a depthwise convolution, as [out, in, kernel, kernel]. */
function filter(to: OnnxBuilder, name: string, kernel: number, ins: number, outs: number): string {
  const taps = kernel * kernel;
  const values = to.values(`${name}.weight`);
  const turned = Float32Array.from(values, (_, index) => {
    const [out, from, tap] = [Math.floor(index / (ins * taps)), Math.floor(index / taps) % ins, index % taps];
    return values[(tap * ins + from) * outs + out]!;
  });
  return to.floats(`${name}.weight`, turned, [outs, ins, kernel, kernel]);
}
