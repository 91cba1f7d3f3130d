import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** x * factor + offset, with constants: one for all channels, or one for each. */
export interface Scale extends NodeBase {
  op: 'scale';
  factor: number | number[];
  offset: number | number[];
}

/** x * weight, one trained factor a channel (the layer scale of ConvNeXt and NAFNet). */
export interface ChannelScale extends NodeBase {
  op: 'channel-scale';
  /** The weight's own name. */
  name: string;
  /** The factor before training. */
  start: number;
}

export const scale: Op<Scale> = {
  demand: pointwise,
  streams: true,
  scratch: ({ factor, offset, channels }, positions) =>
    factor === 1 || offset === 0 ? 0 : 4 * channels * positions,
  run({ factor, offset }, [x]) {
    return tf.tidy(() => {
      const scaled: tf.Tensor4D = factor === 1 ? x! : tf.mul(x!, factor);
      return offset === 0 ? tf.clone(scaled) : tf.add(scaled, offset);
    });
  },
};

export const channelScale: Op<ChannelScale> = {
  weights: ({ name, channels, start }) => [
    { name, shape: [channels], layout: 'vector', deviation: 0, mean: start },
  ],
  demand: pointwise,
  streams: true,
  run: ({ name }, [x], weights) => tf.mul(x!, weights[name]!),
};
