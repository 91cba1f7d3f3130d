/** What the kernels' tests share: noise, errors against the cpu backend and against differences, and the builds. */
import { readFileSync } from 'node:fs';
import v8 from 'node:v8';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import type { Random } from '../random.ts';
import { letVectorsJoin } from '../wasm/node.ts';
import { installTrainingKernels, supportsRelaxedSimd, wasmMemory } from './index.ts';

const joined = 'conv-joined.wasm';

/** The builds this machine can run; `undefined` is the kernels composed of ops, which must come before the others. */
export const builds: [name: string, file: string | undefined][] = [
  ['composed', undefined],
  ['conv.wasm', 'conv.wasm'],
  ...(supportsRelaxedSimd()
    ? [...['conv-relaxed.wasm', 'conv-checked.wasm'], joined].map((file): [string, string] => [file, file])
    : []),
];

/** Makes the wasm backend current, with the kernels of one build. */
export async function useBuild(file: string | undefined): Promise<void> {
  await useWasm();
  // Compiled by the compiler that joins vectors, from the first call on.
  if (file === joined && letVectorsJoin()) v8.setFlagsFromString('--no-liftoff');
  const module = file && new WebAssembly.Module(readFileSync(new URL(file, import.meta.url)));
  installTrainingKernels(module ? { module, memory: wasmMemory(tf.backend()) } : undefined);
}

/** Uniform values from -1 to 1. */
export function noise(random: Random, shape: number[]): Float32Array {
  return Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.uniform(-1, 1));
}

/** Largest difference over largest value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    difference = Math.max(difference, Number.isNaN(error) ? Infinity : error);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}

/** Runs `f` on the cpu backend and on the wasm backend; the difference relative to the largest value. */
export function errorAgainstCpu(f: () => tf.Tensor[]): number {
  const run = (backend: string) => {
    tf.setBackend(backend);
    return tf.tidy(() => f().map((tensor) => tensor.dataSync()));
  };
  const expected = run('cpu');
  const actual = run('wasm');
  return Math.max(...expected.map((values, i) => relativeError(actual[i]!, values)));
}

/**
 * How far the gradient of sum(f(x) * dy) along a random direction is from its central difference, relative to
 * the larger of both. For functions that are nearly linear over a `step`, which should be large, so that rounding is small
 * beside it.
 */
export function errorAgainstDifferences(
  random: Random,
  shape: number[],
  f: (x: tf.Tensor) => tf.Tensor,
  step = 0.25,
): number {
  return tf.tidy(() => {
    const [x, direction] = [
      tf.tensor(noise(random, shape), shape),
      tf.tensor(noise(random, shape), shape),
    ] as const;
    const outShape = f(x).shape;
    const dy = noise(random, outShape);
    const move = tf.mul(direction, step);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
    const [ahead, behind] = [f(tf.add(x, move)).dataSync(), f(tf.sub(x, move)).dataSync()];
    const measured = (dot(ahead, dy) - dot(behind, dy)) / (2 * step);
    const computed = dot(tf.grad(f)(x, tf.tensor(dy, outShape)).dataSync(), direction.dataSync());
    return Math.abs(measured - computed) / Math.max(Math.abs(measured), Math.abs(computed));
  });
}
