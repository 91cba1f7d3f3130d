import { enlargement, type Graph, PellucidError, trainingMemory } from '@pellucid/core';
import type { Method } from '../methods/index.ts';

/** The heap of 32-bit WebAssembly, in bytes. */
const WASM_HEAP = 2 ** 32;

/**
 * Refuses a batch whose training step does not fit into the heap of the wasm engine, before the step begins.
 *
 * A teacher's features are freed before the student's are made, but for what is compared, which the method holds.
 *
 * @param shape [patches, height, width, channels] of the clean patches of one worker's share
 * @param held the method's own, of so many patches of a size in pixels that the student sees; nothing unless given
 * @throws PellucidError `engine/out-of-memory` that names the largest batch and the largest patch that would fit
 */
export function refuseTooLarge(
  student: Graph,
  teachers: readonly Graph[],
  [patches, height, width]: readonly number[],
  held: Method['held'] = () => 0,
): void {
  const scale = enlargement(student);
  const bytesOf = (patches: number, height: number, width: number) =>
    needed(student, teachers, patches * height * width) + held(patches, height / scale, width / scale);
  const fits = (...size: [number, number, number]) => bytesOf(...size) <= WASM_HEAP;
  if (fits(patches!, height!, width!)) return;

  const alignment = student.alignment * scale;
  const batch = largest(patches!, 1, (fewer) => fits(fewer, height!, width!));
  const patch = largest(Math.min(height!, width!), alignment, (side) => fits(patches!, side, side));
  const ways = [
    ...(batch >= 1 ? [`data.batch to ${batch} for each worker`] : []),
    ...(patch >= alignment ? [`data.patch to ${patch}`] : []),
  ];
  const bytes = bytesOf(patches!, height!, width!);
  const gib = (value: number) => (value / 2 ** 30).toFixed(1);
  throw new PellucidError(
    'engine/out-of-memory',
    `A training step on ${patches} patches of ${width}x${height} needs about ${gib(bytes)} GiB, and the wasm engine has ${gib(WASM_HEAP)} GiB. ${
      ways.length > 0 ? `Lower ${ways.join(' or ')}.` : 'Take a smaller network.'
    }`,
  );
}

/** Bytes of the networks alone: the most of a teacher's run and the student's step, and the weights of all. */
function needed(student: Graph, teachers: readonly Graph[], positions: number): number {
  // What a network makes is as large as the clean patch, whatever it reads.
  const step = (graph: Graph, positions: number, gradients: boolean) =>
    trainingMemory(graph, positions / enlargement(graph) ** 2, { gradients });
  const weights = teachers.reduce((sum, teacher) => sum + step(teacher, 0, false), 0);
  const runs = teachers.map((teacher) => step(student, 0, true) + step(teacher, positions, false));
  return weights + Math.max(step(student, positions, true), ...runs);
}

/** The largest multiple of `step` below `from` that is right, 0 if none is. */
function largest(from: number, step: number, right: (value: number) => boolean): number {
  let value = Math.floor((from - 1) / step) * step;
  while (value > 0 && !right(value)) value -= step;
  return value;
}
