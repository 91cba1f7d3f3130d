import { PellucidError } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';

const CHANNELS = 16;

/**
 * Checks that the current backend differentiates the convolutions that networks are made of, or throws PellucidError
 * `engine/wrong-gradient`.
 */
export async function proveGradients(): Promise<void> {
  for (const side of [1, 3]) {
    const wrong = await mistake(side);
    if (wrong)
      throw new PellucidError(
        'engine/wrong-gradient',
        `A trial convolution of ${side}x${side} failed: ${wrong} is wrong.`,
      );
  }
}

/**
 * What is wrong with a convolution, if anything is.
 *
 * A convolution is linear in its weights and in its input, so its gradients g satisfy <g, d> = <conv(d), r> for any
 * direction d and the loss <conv(.), r>: no second implementation is needed to compare with. The sizes are odd and
 * the channels many enough that vectorised kernels take both their fast paths and their edges.
 */
async function mistake(side: number): Promise<string | undefined> {
  const pairs = tf.tidy(() => tf.stack(trial(side).flat()) as tf.Tensor1D);
  const values = await pairs.data();
  pairs.dispose();
  const names = ['its result', 'the gradient of its input', 'the gradient of its weights'];
  return names.find((_, index) => !agree(values[2 * index]!, values[2 * index + 1]!));
}

/** Three pairs of numbers that should be equal: of the convolution, its input's gradient and its weights'. */
function trial(side: number): [tf.Tensor, tf.Tensor][] {
  const x = tf.randomNormal<tf.Rank.R4>([2, 9, 7, CHANNELS], 0, 1, 'float32', 1);
  const w = tf.randomNormal<tf.Rank.R4>([side, side, CHANNELS, CHANNELS], 0, 1, 'float32', 2);
  const r = tf.randomNormal([2, 9, 7, CHANNELS], 0, 1, 'float32', 3);
  const loss = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.sum(tf.mul(tf.conv2d(x, w, 1, 'same'), r)) as tf.Scalar;
  const gradients = tf.grads((x, w) => loss(x as tf.Tensor4D, w as tf.Tensor4D))([x, w]);
  const [gx, gw] = gradients as [tf.Tensor, tf.Tensor];
  const dx = tf.randomNormal<tf.Rank.R4>(x.shape, 0, 1, 'float32', 4);
  const dw = tf.randomNormal<tf.Rank.R4>(w.shape, 0, 1, 'float32', 5);
  const ones = tf.conv2d(tf.ones<tf.Rank.R4>([1, side, side, CHANNELS]), tf.onesLike(w), 1, 'valid');
  return [
    [tf.max(ones), tf.scalar(side * side * CHANNELS)],
    [tf.sum(tf.mul(gx, dx)), loss(dx, w)],
    [tf.sum(tf.mul(gw, dw)), loss(x, dw)],
  ];
}

/** Equal to within what TensorFloat-32, the coarsest arithmetic of a GPU, does to sums whose size is some hundreds. */
function agree(a: number, b: number): boolean {
  return Math.abs(a - b) < 1;
}
