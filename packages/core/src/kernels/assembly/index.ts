/** Convolution kernels that work in the memory of TensorFlow.js's wasm backend. */
export { directFilterGradient, directInputGradient, directScratch } from './direct';
export { pointwiseConv, pointwiseScratch } from './pointwise';
export { sumRows } from './sum';
export { winogradConv, winogradFilterGradient, winogradScratch } from './winograd';
