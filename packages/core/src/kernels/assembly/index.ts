/** Kernels that work in the memory of TensorFlow.js's wasm backend. */
export {
  contrast, contrastGradient, contrastScratch, naturalGradient, naturalScratch, naturalStatistics,
} from './contrast';
export {
  depthwiseConv, depthwiseConvScratch, depthwiseFilterGradient, depthwiseGradientScratch,
} from './depthwise';
export { depthwiseNear, depthwiseNearScratch } from './depthwise-near';
export { directFilterGradient, directInputGradient, directScratch } from './direct';
export { foldSpectra, fourierPass, unfoldSpectra } from './fourier';
export { gate, gateGradient, gelu, geluGradient, geluScratch } from './gelu';
export { layerNorm, layerNormGradient } from './layer-norm';
export { matMul, matMulScratch } from './matmul';
export { patchConv, pointwiseConv, productScratch } from './pointwise';
export { addFloats, copyRows } from './rows';
export { coupleSpectra, sparseDivergence } from './sparse';
export { maxRows, sumRows } from './sum';
export { winogradConv, winogradFilterGradient, winogradScratch } from './winograd';
export {
  windowAttention, windowAttentionGradient, windowAttentionGradientScratch, windowAttentionScratch,
} from './window-attention';
