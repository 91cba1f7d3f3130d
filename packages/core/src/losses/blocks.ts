import * as tf from '@tensorflow/tfjs-core';
import { PellucidError } from '../errors.ts';
import { piqeBlock, piqeSegment } from '../metrics/piqe.ts';

const segments = piqeBlock - piqeSegment + 1;

// Keeps the slope of a square root finite where nothing varies.
const epsilon = 1e-8;

/**
 * PIQE's variance of each block of 16x16 coefficients (sample variance), which says whether a block is active.
 * @param map `mscnMap` with a replicated border, shape [batch, height, width], both multiples of 16.
 * @returns shape [batch, height / 16, width / 16].
 * @throws PellucidError `loss/blocks`
 */
export function blockVariance(map: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, rows, columns] = blockGrid(map);
    const blocks = tf.reshape(cut(map), [batch, rows, columns, piqeBlock * piqeBlock]);
    const squares = tf.square(tf.sub(blocks, tf.mean(blocks, -1, true)));
    return tf.div(tf.sum(squares, -1), piqeBlock ** 2 - 1);
  });
}

/**
 * PIQE's standard deviation (of a sample) of each segment of six coefficients along the four edges of each block, top,
 * bottom, left and right, eleven on each: near 0 where compression has left blocks.
 * @param map as for `blockVariance`.
 * @returns shape [batch, height / 16, width / 16, 44]; 1e-4 instead of 0 where a segment is flat.
 * @throws PellucidError `loss/blocks`
 */
export function edgeSegmentDeviation(map: tf.Tensor3D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, rows, columns] = blockGrid(map);
    const blocks = cut(map);
    const count = batch * rows * columns;
    const last = piqeBlock - 1;
    const line = (begin: number[], size: number[]) =>
      tf.reshape(tf.slice(blocks, [0, ...begin], [count, ...size]), [count, 1, piqeBlock]);
    const edges = tf.concat(
      [
        line([0, 0], [1, piqeBlock]),
        line([last, 0], [1, piqeBlock]),
        line([0, 0], [piqeBlock, 1]),
        line([0, last], [piqeBlock, 1]),
      ],
      1,
    );
    // Sums of slices, since to put them on an axis of their own would copy value by value.
    const shifted = Array.from({ length: piqeSegment }, (_, shift) =>
      tf.slice(edges, [0, 0, shift], [count, 4, segments]),
    );
    const mean = tf.div(tf.addN(shifted), piqeSegment);
    const squares = tf.addN(shifted.map((value) => tf.squaredDifference(value, mean)));
    const deviation = tf.sqrt(tf.add(tf.div(squares, piqeSegment - 1), epsilon));
    return tf.reshape(deviation, [batch, rows, columns, 4 * segments]);
  });
}

/** Batch, rows and columns of blocks. */
function blockGrid({ shape: [batch, height, width] }: tf.Tensor3D): [number, number, number] {
  if (height % piqeBlock !== 0 || width % piqeBlock !== 0) {
    throw new PellucidError(
      'loss/blocks',
      `Images of ${width}x${height} are not made of whole blocks of ${piqeBlock}x${piqeBlock}; train on patches that are.`,
    );
  }
  return [batch, height / piqeBlock, width / piqeBlock];
}

/** The blocks, shape [batch * rows * columns, 16, 16]. */
function cut(map: tf.Tensor3D): tf.Tensor3D {
  const [batch, rows, columns] = blockGrid(map);
  const split = tf.reshape(map, [batch * rows, piqeBlock, columns, piqeBlock]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * rows * columns, piqeBlock, piqeBlock]);
}
