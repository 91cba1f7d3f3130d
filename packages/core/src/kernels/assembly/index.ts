/** Kernels that work in the memory of TensorFlow.js's wasm backend. */
export { depthwiseConv, depthwiseFilterGradient, depthwiseScratch } from './depthwise';
export { directFilterGradient, directInputGradient, directScratch } from './direct';
export { gelu, geluGradient } from './gelu';
export { layerNorm, layerNormGradient } from './layer-norm';
export { matMul, matMulScratch } from './matmul';
export { patchConv, pointwiseConv, productScratch } from './pointwise';
export { copyRows } from './rows';
export { sumRows } from './sum';
export { winogradConv, winogradFilterGradient, winogradScratch } from './winograd';
