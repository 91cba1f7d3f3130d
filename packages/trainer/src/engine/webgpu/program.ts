import type * as tf from '@tensorflow/tfjs-core';

/** What the WebGPU backend of TensorFlow.js runs: a compute shader in WGSL and how often. */
export interface Program {
  /** Tells the shader from all others, with the ranks of its tensors, which the backend adds. */
  shaderKey: string;
  /** Names under which the shader reads the inputs, as arrays of `f32`; it writes `result`. */
  variableNames: string[];
  /** More members of `uniforms`. */
  uniforms: string;
  outputShape: number[];
  workgroupSize: [number, number, number];
  /** Workgroups along x, y and z. */
  dispatch: [number, number, number];
  dispatchLayout: { x: number[]; y: number[]; z: number[] };
  getUserCode(): string;
}

/** What is used of the backend. */
export interface WebgpuBackend {
  runWebGPUProgram(
    program: Program,
    inputs: tf.TensorInfo[],
    dtype: 'float32',
    uniforms: { type: 'int32' | 'float32'; data: number[] }[],
  ): tf.TensorInfo;
  disposeData(dataId: object): void;
}

/**
 * Runs a program on whole workgroups, whose shader finds its place by `workgroupId` and `localIndex`.
 *
 * @param uniforms as the program declares them
 */
export function runProgram(
  backend: WebgpuBackend,
  program: Omit<Program, 'dispatchLayout'>,
  inputs: tf.TensorInfo[],
  uniforms: readonly (readonly [type: 'int32' | 'float32', value: number])[],
): tf.TensorInfo {
  // The layout would only say how the backend maps threads to the output, which these shaders do themselves.
  const dispatchLayout = { x: [0], y: [1], z: [] };
  const values = uniforms.map(([type, value]) => ({ type, data: [value] }));
  return backend.runWebGPUProgram({ ...program, dispatchLayout }, inputs, 'float32', values);
}
