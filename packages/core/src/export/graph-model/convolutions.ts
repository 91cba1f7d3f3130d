import { padding } from '../../network/ops/conv.ts';
import type { Emitters } from '../emitter.ts';
import { attribute, type GraphModelBuilder } from './builder.ts';

const activations = { relu: 'Relu', 'leaky-relu': 'LeakyRelu' } as const;

export const convolutions: Emitters<GraphModelBuilder> = {
  conv: (to, node, [x]) => {
    const { name, kernel, inputChannels, channels, step, dilation, bias, activation, slope } = node;
    const filter = to.weight(`${name}.weight`, [kernel, kernel, inputChannels, channels]);
    const pad = padding(node);
    const attributes = {
      strides: attribute.ints([1, step, step, 1]),
      dilations: attribute.ints([1, dilation, dilation, 1]),
      padding: attribute.text(step === 1 ? 'SAME' : 'EXPLICIT'),
      ...(step > 1 && { explicit_paddings: attribute.ints([0, 0, pad, pad, pad, pad, 0, 0]) }),
    };
    const alpha = attribute.float(slope);
    if (bias)
      return to.op('_FusedConv2D', [x!, filter, to.weight(`${name}.bias`, [channels])], {
        ...attributes,
        num_args: attribute.int(1),
        fused_ops: attribute.texts(
          activation === 'none' ? ['BiasAdd'] : ['BiasAdd', activations[activation]],
        ),
        leakyrelu_alpha: alpha,
      });
    const sum = to.op('Conv2D', [x!, filter], attributes);
    return activation === 'none' ? sum : to.op(activations[activation], [sum], { alpha });
  },

  depthwise: (to, node, [x]) => {
    const { name, kernel, channels, multiplier, dilation, bias } = node;
    const filter = to.weight(`${name}.weight`, [kernel, kernel, channels / multiplier, multiplier]);
    const sum = convolveEach(to, x!, filter, dilation);
    return bias ? to.op('AddV2', [sum, to.weight(`${name}.bias`, [channels])]) : sum;
  },

  /** A depthwise convolution of all inputs, then the sum of each group. */
  'grouped-conv': (to, node, [x]) => {
    const { name, kernel, group, channels } = node;
    const values = to.values(`${name}.weight`);
    // [kernel, kernel, group, channels] -> [kernel, kernel, channels * group, 1]
    const turned = values.map((_, index) => {
      const [tap, input] = [Math.floor(index / (channels * group)), index % (channels * group)];
      return values[(tap * group + (input % group)) * channels + Math.floor(input / group)]!;
    });
    const filter = to.floats(`${name}.weight`, turned, [kernel, kernel, channels * group, 1]);
    const each = to.reshape(convolveEach(to, x!, filter, 1), -1, channels, group);
    const sums = to.reduce('Sum', each, 2);
    return to.reshape(sums, to.size(x!, 0), to.size(x!, 1), to.size(x!, 2), channels);
  },
};

function convolveEach(to: GraphModelBuilder, x: string, filter: string, dilation: number): string {
  return to.op('DepthwiseConv2dNative', [x, filter], {
    strides: attribute.ints([1, 1, 1, 1]),
    dilations: attribute.ints([1, dilation, dilation, 1]),
    padding: attribute.text('SAME'),
  });
}
