/** Depthwise convolution and its gradients in the side module. */
import type * as tf from '@tensorflow/tfjs-core';
import { activationOf, addresses, areVectors, convInfo, type KernelCall } from './convolution.ts';
import { type SideExports, withScratch } from './side-module.ts';

/**
 * DepthwiseConv2dNative and FusedDepthwiseConv2D; undefined where the side module does not cover the layout, the
 * activation or more than two outputs a channel.
 */
export function convolve(
  side: SideExports,
  { inputs, attrs, backend }: KernelCall,
): tf.TensorInfo | undefined {
  const { x, filter, bias, preluActivationWeights: slope } = inputs;
  const activation = activationOf(attrs);
  if (activation === undefined || attrs.dataFormat === 'NCHW') return undefined;
  const info = convInfo(x.shape, filter.shape, attrs, true);
  if (info.outChannels > 2 * info.inChannels || !areVectors(info.outChannels, bias, slope)) return undefined;
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const y = backend.makeOutput(info.outShape, 'float32');
  run(side, backend, info, {
    tensors: addresses(backend, x, filter, bias, slope, y),
    shape: [batchSize, inHeight, inWidth, outChannels, outHeight, outWidth],
    multiplier: outChannels / inChannels,
    rest: [padInfo.top, padInfo.left, ...activation, 0],
  });
  return y;
}

/**
 * DepthwiseConv2dNativeBackpropInput, which with stride 1 is a convolution itself, of the output gradient with the
 * filter turned; undefined for any other stride and for more than one output a channel.
 */
export function inputGradient(
  side: SideExports,
  { inputs, attrs, backend }: KernelCall,
): tf.TensorInfo | undefined {
  const { dy, filter } = inputs;
  const info = convInfo(attrs.inputShape, filter.shape, attrs, true);
  if (info.outChannels !== info.inChannels || info.strideHeight * info.strideWidth !== 1) return undefined;
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const top = info.effectiveFilterHeight - 1 - padInfo.top;
  const left = info.effectiveFilterWidth - 1 - padInfo.left;
  const dx = backend.makeOutput(info.inShape, 'float32');
  run(side, backend, info, {
    tensors: addresses(backend, dy, filter, undefined, undefined, dx),
    shape: [batchSize, outHeight, outWidth, inChannels, inHeight, inWidth],
    multiplier: 1,
    rest: [top, left, ...activationOf({})!, 1],
  });
  return dx;
}

/** DepthwiseConv2dNativeBackpropFilter; undefined for more than one output a channel. */
export function filterGradient(
  side: SideExports,
  { inputs, attrs, backend }: KernelCall,
): tf.TensorInfo | undefined {
  const { x, dy } = inputs;
  const info = convInfo(x.shape, attrs.filterShape, attrs, true);
  if (info.outChannels !== info.inChannels) return undefined;
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const dw = backend.makeOutput(info.filterShape, 'float32');
  withScratch(
    backend,
    side.depthwiseGradientScratch(info.filterHeight * info.filterWidth, inChannels),
    (scratch) => {
      side.depthwiseFilterGradient(
        ...addresses(backend, x, dy, dw),
        ...[batchSize, inHeight, inWidth, inChannels, outHeight, outWidth],
        ...[...filterOf(info), padInfo.top, padInfo.left, scratch],
      );
    },
  );
  return dw;
}

/** The most channels with which a patch of a filter three wide stays in the cache from one group of them to the next. */
const NEAR = 384;

/** Convolves by the kernel that suits the shape. */
function run(
  side: SideExports,
  backend: KernelCall['backend'],
  info: tf.backend_util.Conv2DInfo,
  call: { tensors: number[]; shape: number[]; multiplier: number; rest: number[] },
): void {
  const { tensors, shape, multiplier, rest } = call;
  const filter = filterOf(info);
  if (multiplier === 1 && info.filterWidth === 3 && info.outChannels <= NEAR)
    withScratch(backend, side.depthwiseNearScratch(info.outChannels), (scratch) =>
      side.depthwiseNear(...tensors, ...shape, ...filter, ...rest, scratch),
    );
  else
    withScratch(backend, side.depthwiseConvScratch(info.outChannels, ...filter), (scratch) =>
      side.depthwiseConv(...tensors, ...shape, multiplier, ...filter, ...rest, scratch),
    );
}

function filterOf(info: tf.backend_util.Conv2DInfo): [number, number, number, number, number, number] {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  return [filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth];
}
