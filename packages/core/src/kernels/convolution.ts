/** The kernels that run in the side module, as TensorFlow.js calls them. */
import * as tf from '@tensorflow/tfjs-core';
import { type SideExports, type WasmBackend, withScratch } from './side-module.ts';

type ConvInfo = tf.backend_util.Conv2DInfo;

/** What a kernel is called with. TensorFlow.js types inputs and attributes as loose maps. */
export interface KernelCall {
  // biome-ignore lint/suspicious/noExplicitAny: as TensorFlow.js has it
  inputs: any;
  // biome-ignore lint/suspicious/noExplicitAny: as TensorFlow.js has it
  attrs: any;
  backend: WasmBackend;
}

/**
 * An activation as the side module takes it: the limits of a clamp, and what negative values are multiplied by where
 * there is no slope for each channel. Undefined for one it has not.
 */
export function activationOf({
  activation = 'linear',
  leakyreluAlpha,
}: KernelCall['attrs']): number[] | undefined {
  const none = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1];
  const known: Record<string, number[]> = {
    linear: none,
    relu: [0, Number.POSITIVE_INFINITY, 1],
    relu6: [0, 6, 1],
    prelu: none,
    leakyrelu: [...none.slice(0, 2), leakyreluAlpha],
  };
  return known[activation];
}

/** The geometry of a convolution, from the attributes its kernels share. */
export function convInfo(
  inShape: number[],
  filterShape: number[],
  attrs: KernelCall['attrs'],
  depthwise = false,
): ConvInfo {
  return tf.backend_util.computeConv2DInfo(
    inShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
    tf.backend_util.convertConv2DDataFormat(attrs.dataFormat ?? 'NHWC'),
  );
}

/** Which kernel runs a convolution: filters that move pixel by pixel have one of their own. */
function methodOf(info: ConvInfo): 'winograd' | 'pointwise' | 'direct' {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  if (strideHeight * strideWidth * dilationHeight * dilationWidth !== 1) return 'direct';
  if (filterHeight === 3 && filterWidth === 3) return 'winograd';
  const { inHeight, inWidth, outHeight, outWidth } = info;
  const plain = filterHeight * filterWidth === 1 && inHeight === outHeight && inWidth === outWidth;
  return plain ? 'pointwise' : 'direct';
}

/** Where the tensors lie in the backend's memory; 0 for one that is not there. */
export function addresses(backend: WasmBackend, ...tensors: (tf.TensorInfo | undefined)[]): number[] {
  return tensors.map((tensor) => (tensor ? backend.dataIdMap.get(tensor.dataId).memoryOffset : 0));
}

/**
 * Conv2D, FusedConv2D and ConvRows; undefined where the side module does not cover the layout or the activation.
 *
 * ConvRows reads `rows` of x alone, and its output begins with those that are `kept`.
 */
export function convolve(
  side: SideExports,
  { inputs, attrs, backend }: KernelCall,
): tf.TensorInfo | undefined {
  const { x, filter, bias, preluActivationWeights: slope, kept } = inputs;
  const activation = activationOf(attrs);
  if (activation === undefined || attrs.dataFormat === 'NCHW') return undefined;
  const { from, count } = attrs.rows ?? { from: 0, count: x.shape[1] };
  const info = convInfo(x.shape.with(1, count), filter.shape, attrs);
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  if (!areVectors(outChannels, bias, slope)) return undefined;

  const { y, address } = outputBehind(side, backend, kept, info.outShape);
  const [input, ...weights] = addresses(backend, x, filter, bias, slope) as [number, ...number[]];
  const tensors = [input + 4 * from * inWidth * inChannels, ...weights, address];
  const method = methodOf(info);
  if (method === 'winograd') {
    withScratch(backend, side.winogradScratch(inChannels, outChannels), (scratch) => {
      const shape = [batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels];
      side.winogradConv(...tensors, ...shape, padInfo.top, padInfo.left, ...activation, 0, scratch);
    });
  } else if (method === 'pointwise') {
    withScratch(backend, side.productScratch(inChannels, outChannels), (scratch) => {
      const positions = batchSize * inHeight * inWidth;
      side.pointwiseConv(...tensors, positions, inChannels, outChannels, ...activation, 0, scratch);
    });
  } else {
    const depth = info.filterHeight * info.filterWidth * inChannels;
    withScratch(backend, side.productScratch(depth, outChannels), (scratch) => {
      side.patchConv(...tensors, ...geometry(info), ...activation, scratch);
    });
  }
  return y;
}

/** An output of `shape` behind rows that it begins with, where there are any, and the address that it is written to. */
function outputBehind(
  side: SideExports,
  backend: WasmBackend,
  kept: tf.TensorInfo | undefined,
  shape: number[],
): { y: tf.TensorInfo; address: number } {
  const y = backend.makeOutput(shape.with(1, shape[1]! + (kept?.shape[1] ?? 0)), 'float32');
  const start = addresses(backend, y)[0]!;
  if (!kept) return { y, address: start };
  const size = tf.util.sizeFromShape(kept.shape);
  side.copyRows(addresses(backend, kept)[0]!, size, start, size, 1, size);
  return { y, address: start + 4 * size };
}

/** AddRows: the sum of `count` rows of a, from `fromA` on, and of b, behind those that are `kept`. */
export function addRows(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { a, b, kept } = inputs;
  const { fromA, fromB, count } = attrs;
  const shape = a.shape.with(1, count);
  const row = 4 * tf.util.sizeFromShape(shape.slice(2));
  const { y, address } = outputBehind(side, backend, kept, shape);
  const [left, right] = addresses(backend, a, b) as [number, number];
  side.addFloats(left + fromA * row, right + fromB * row, address, tf.util.sizeFromShape(shape));
  return y;
}

/** Whether bias and slope, where given, have one value for each channel: anything else is for the stock kernels. */
export function areVectors(channels: number, ...tensors: (tf.TensorInfo | undefined)[]): boolean {
  return tensors.every((tensor) => !tensor || tf.util.sizeFromShape(tensor.shape) === channels);
}

/**
 * Conv2DBackpropInput. With stride 1 it is a convolution itself, of the output gradient with the filter
 * turned.
 */
export function inputGradient(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { dy, filter } = inputs;
  const info = convInfo(attrs.inputShape, filter.shape, attrs);
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const method = methodOf(info);
  const dx = backend.makeOutput(info.inShape, 'float32');
  if (method === 'direct') {
    withScratch(backend, directScratch(side, info), (scratch) => {
      side.directInputGradient(...addresses(backend, dy, filter, dx), ...geometry(info), scratch);
    });
    return dx;
  }
  const tensors = addresses(backend, dy, filter, undefined, undefined, dx);
  if (method === 'winograd') {
    withScratch(backend, side.winogradScratch(outChannels, inChannels), (scratch) => {
      const shape = [batchSize, outHeight, outWidth, outChannels, inHeight, inWidth, inChannels];
      side.winogradConv(
        ...tensors,
        ...shape,
        2 - padInfo.top,
        2 - padInfo.left,
        ...activationOf({})!,
        1,
        scratch,
      );
    });
  } else {
    withScratch(backend, side.productScratch(outChannels, inChannels), (scratch) => {
      const positions = batchSize * inHeight * inWidth;
      side.pointwiseConv(...tensors, positions, outChannels, inChannels, ...activationOf({})!, 1, scratch);
    });
  }
  return dx;
}

/** Conv2DBackpropFilter. */
export function filterGradient(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { x, dy } = inputs;
  const info = convInfo(x.shape, attrs.filterShape, attrs);
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const dw = backend.makeOutput(info.filterShape, 'float32');
  if (methodOf(info) === 'winograd') {
    withScratch(backend, side.winogradScratch(inChannels, outChannels), (scratch) => {
      side.winogradFilterGradient(
        ...addresses(backend, x, dy, dw),
        ...[batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels],
        ...[padInfo.top, padInfo.left, scratch],
      );
    });
  } else {
    withScratch(backend, directScratch(side, info), (scratch) => {
      side.directFilterGradient(...addresses(backend, x, dy, dw), ...geometry(info), scratch);
    });
  }
  return dw;
}

function directScratch(side: SideExports, info: ConvInfo): number {
  return side.directScratch(info.filterHeight * info.filterWidth, info.inChannels, info.outChannels);
}

/** The numbers the direct kernels take after the addresses. */
function geometry(info: ConvInfo): number[] {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const filter = [filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth];
  // A 1x1 convolution does not know rows: as one long row it wastes no work on their ends.
  const shape =
    methodOf(info) === 'pointwise'
      ? [1, 1, batchSize * inHeight * inWidth, inChannels, 1, batchSize * inHeight * inWidth, outChannels]
      : [batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels];
  return [...shape, ...filter, padInfo.top, padInfo.left];
}
