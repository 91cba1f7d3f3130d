/**
 * Gradient kernels the wasm backend lacks or has wrong, composed of TensorFlow.js ops. The SIMD kernels fall
 * back to them, and they are all there is where the side module cannot be compiled.
 *
 * Each works tap by tap of the filter: tap (i, j) of a convolution reads the padded input at every (stride y
 * + dilation i, stride x + dilation j), so a gradient is a sum, over taps, of strided views or of their
 * transpose.
 */
import * as tf from '@tensorflow/tfjs-core';

type ConvInfo = tf.backend_util.Conv2DInfo;

/** Puts `stride - 1` zeros between neighbours along height and width. */
function insertZeros(dy: tf.Tensor4D, strideY: number, strideX: number): tf.Tensor4D {
  if (strideY === 1 && strideX === 1) return dy;
  const [batch, height, width, channels] = dy.shape;
  const wide = width * strideX;
  const columns = tf.pad(tf.reshape(dy, [batch * height, width, channels]), [
    [0, 0],
    [0, 0],
    [0, (strideX - 1) * channels],
  ]);
  const rows = tf.pad(tf.reshape(columns, [batch, height, wide * channels]), [
    [0, 0],
    [0, 0],
    [0, (strideY - 1) * wide * channels],
  ]);
  const all = tf.reshape(rows, [batch, height * strideY, wide, channels]) as tf.Tensor4D;
  return tf.slice(all, 0, [batch, (height - 1) * strideY + 1, (width - 1) * strideX + 1, channels]);
}

/**
 * The zero padding that makes a stride 1 convolution of the stretched `dy` with the turned filter as large as
 * the input.
 */
function gradientPadding(
  info: ConvInfo,
): [[number, number], [number, number], [number, number], [number, number]] {
  const top = info.effectiveFilterHeight - 1 - info.padInfo.top;
  const left = info.effectiveFilterWidth - 1 - info.padInfo.left;
  const bottom = info.inHeight - (info.outHeight - 1) * info.strideHeight - 1 + info.padInfo.top;
  const right = info.inWidth - (info.outWidth - 1) * info.strideWidth - 1 + info.padInfo.left;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** Calls `visit` with what every tap of the filter sees of x: [batch, outHeight, outWidth, channels]. */
export function forEachTap(
  x: tf.Tensor4D,
  info: ConvInfo,
  padValue: number,
  visit: (seen: tf.Tensor4D, top: number, left: number) => void,
): void {
  const { strideHeight, strideWidth, outHeight, outWidth, effectiveFilterHeight, effectiveFilterWidth } =
    info;
  const height = (outHeight - 1) * strideHeight + 1;
  const width = (outWidth - 1) * strideWidth + 1;
  const bottom = Math.max(0, height + effectiveFilterHeight - 1 - info.padInfo.top - info.inHeight);
  const right = Math.max(0, width + effectiveFilterWidth - 1 - info.padInfo.left - info.inWidth);
  const padded = tf.pad(
    x,
    [
      [0, 0],
      [info.padInfo.top, bottom],
      [info.padInfo.left, right],
      [0, 0],
    ],
    padValue,
  );
  const [batch, , , channels] = x.shape;
  for (let top = 0; top < effectiveFilterHeight; top += info.dilationHeight) {
    for (let left = 0; left < effectiveFilterWidth; left += info.dilationWidth) {
      const seen =
        strideHeight === 1 && strideWidth === 1
          ? tf.slice(padded, [0, top, left, 0], [batch, height, width, channels])
          : tf.stridedSlice(
              padded,
              [0, top, left, 0],
              [batch, top + height, left + width, channels],
              [1, strideHeight, strideWidth, 1],
            );
      visit(seen as tf.Tensor4D, top, left);
    }
  }
}

/** The gradient of a convolution to its input. */
export function convInputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  return tf.conv2d(
    insertZeros(dy, info.strideHeight, info.strideWidth),
    tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]),
    1,
    gradientPadding(info),
    'NHWC',
    [info.dilationHeight, info.dilationWidth],
  );
}

/** The gradient of a convolution to its filter: x^T dy for every tap. */
export function convFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  const columns = tf.reshape(dy, [-1, info.outChannels]);
  const taps: tf.Tensor[] = [];
  forEachTap(x, info, 0, (seen) => {
    // A product with a transposing flag runs at a tenth of the speed of a transpose and a product.
    taps.push(tf.matMul(tf.transpose(tf.reshape(seen, [-1, info.inChannels])), columns));
  });
  return tf.reshape(tf.stack(taps), info.filterShape);
}

/** The gradient of a depthwise convolution to its input. The outputs of one channel are neighbours. */
export function depthwiseInputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  const multiplier = info.outChannels / info.inChannels;
  const turned = tf.reshape(tf.reverse(filter, [0, 1]), [
    info.filterHeight,
    info.filterWidth,
    info.outChannels,
    1,
  ]) as tf.Tensor4D;
  const dx = tf.depthwiseConv2d(
    insertZeros(dy, info.strideHeight, info.strideWidth),
    turned,
    1,
    gradientPadding(info) as unknown as 'same', // the typing forgets what `conv2d` takes and the kernel understands
    'NHWC',
    [info.dilationHeight, info.dilationWidth],
  );
  if (multiplier === 1) return dx;
  return tf.reshape(tf.sum(tf.reshape(dx, [-1, info.inChannels, multiplier]), 2), info.inShape);
}

/** The gradient of a depthwise convolution to its filter. */
export function depthwiseFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: ConvInfo): tf.Tensor4D {
  const multiplier = info.outChannels / info.inChannels;
  const outputs = tf.reshape(dy, [-1, info.inChannels, multiplier]);
  const taps: tf.Tensor[] = [];
  forEachTap(x, info, 0, (seen) => {
    const product = tf.mul(outputs, tf.reshape(seen, [-1, info.inChannels, 1]));
    taps.push(tf.sum(tf.reshape(product, [-1, info.outChannels]), 0));
  });
  return tf.reshape(tf.stack(taps), [info.filterHeight, info.filterWidth, info.inChannels, multiplier]);
}

/**
 * The gradient of max pooling. Where several inputs tie, the first in reading order takes it all, as in the
 * cpu backend.
 */
export function maxPoolGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  y: tf.Tensor4D,
  info: ConvInfo,
): tf.Tensor4D {
  const { strideHeight, strideWidth, inHeight, inWidth, padInfo } = info;
  let open = tf.onesLike(y);
  let dx: tf.Tensor4D | undefined;
  forEachTap(x, info, Number.NEGATIVE_INFINITY, (seen, top, left) => {
    const taken = tf.mul(tf.cast(tf.equal(seen, y), 'float32'), open);
    open = tf.sub(open, taken);
    const spread = insertZeros(tf.mul(dy, taken), strideHeight, strideWidth);
    const [, height, width] = spread.shape;
    // Into the frame of the padded input, then cut to the input.
    const framed = tf.pad(spread, [
      [0, 0],
      [top, Math.max(0, padInfo.top + inHeight - top - height)],
      [left, Math.max(0, padInfo.left + inWidth - left - width)],
      [0, 0],
    ]);
    const share = tf.slice(framed, [0, padInfo.top, padInfo.left, 0], info.inShape);
    dx = dx ? tf.add(dx, share) : share;
  });
  return dx!;
}

/** The gradient of depth-to-space, channels last: space-to-depth. */
export function depthToSpaceGradient(dy: tf.Tensor4D, block: number): tf.Tensor4D {
  const [batch, tall, wide, channels] = dy.shape;
  const height = tall / block;
  const width = wide / block;
  const split = tf.reshape(dy, [batch * height, block, width, block * channels]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch, height, width, block * block * channels]);
}

/** The sum of all rows of x that have the same id: the gradient of a gather. */
export function unsortedSegmentSum(x: tf.Tensor, ids: tf.Tensor1D, segments: number): tf.Tensor {
  const chosen = tf.cast(tf.oneHot(ids, segments), 'float32');
  const sums = tf.matMul(tf.transpose(chosen), tf.reshape(x, [ids.size, -1]) as tf.Tensor2D);
  return tf.reshape(sums, [segments, ...x.shape.slice(ids.rank)]);
}
