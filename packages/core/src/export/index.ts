export type { Exportable } from './emitter.ts';
export { exportGraphModel, type GraphModelFiles } from './graph-model/graph-model.ts';
export { exportOnnx } from './onnx/onnx.ts';
