import * as tf from '@tensorflow/tfjs-core';
import { PellucidError } from '../../errors.ts';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** A feature of the given value everywhere, of the size of what it reads: where recurrent networks start. */
export interface Constant extends NodeBase {
  op: 'constant';
  value: number;
}

/** The noise level that the network is told, 0..1, at every position: one channel, of the size of what it reads. */
export interface NoiseLevel extends NodeBase {
  op: 'noise-level';
}

export const constant: Op<Constant> = {
  demand: pointwise,
  streams: true,
  run: ({ value, channels }, [like]) => {
    const [n, h, w] = like!.shape;
    return tf.fill([n, h, w, channels], value);
  },
};

export const noiseLevel: Op<NoiseLevel> = {
  demand: pointwise,
  streams: true,
  run(_, [like], __, { noiseLevel }) {
    if (noiseLevel === undefined)
      throw new PellucidError(
        'network/needs-noise-level',
        'This network is told how strong the noise is: give the noise level (sigma, 0..255).',
      );
    const [n, h, w] = like!.shape;
    if (typeof noiseLevel === 'number') return tf.fill([n, h, w, 1], noiseLevel / 255);
    return tf.tidy(() => tf.tile(tf.reshape(tf.div(noiseLevel, 255), [n, 1, 1, 1]), [1, h, w, 1]));
  },
};
