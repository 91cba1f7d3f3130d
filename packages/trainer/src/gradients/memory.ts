import { enlargement, type Graph, PellucidError, trainingMemory } from '@pellucid/core';

/** The heap of 32-bit WebAssembly, in bytes. */
const WASM_HEAP = 2 ** 32;

/**
 * Refuses a batch whose training step does not fit into the heap of the wasm engine, before the step begins.
 *
 * @param shape [patches, height, width, channels] of the clean patches of one worker's share
 * @throws PellucidError `engine/out-of-memory` that names the largest batch and the largest patch that would fit
 */
export function refuseTooLarge(
  student: Graph,
  teachers: readonly Graph[],
  [patches, height, width]: readonly number[],
): void {
  // What a network makes is as large as the clean patch, whatever it reads.
  const read = (graph: Graph, positions: number) => positions / enlargement(graph) ** 2;
  const needed = (positions: number) =>
    teachers.reduce(
      (sum, teacher) => sum + trainingMemory(teacher, read(teacher, positions), { gradients: false }),
      trainingMemory(student, read(student, positions)),
    );
  const positions = patches! * height! * width!;
  const bytes = needed(positions);
  if (bytes <= WASM_HEAP) return;

  const fitting = Math.floor(((WASM_HEAP - needed(0)) / (bytes - needed(0))) * positions);
  const batch = Math.floor(fitting / (height! * width!));
  const alignment = student.alignment * enlargement(student);
  const patch = Math.floor(Math.sqrt(fitting / patches!) / alignment) * alignment;
  const ways = [
    ...(batch >= 1 ? [`data.batch to ${batch} for each worker`] : []),
    ...(patch >= alignment ? [`data.patch to ${patch}`] : []),
  ];
  const gib = (value: number) => (value / 2 ** 30).toFixed(1);
  throw new PellucidError(
    'engine/out-of-memory',
    `A training step on ${patches} patches of ${width}x${height} needs about ${gib(bytes)} GiB, and the wasm engine has ${gib(WASM_HEAP)} GiB. ${
      ways.length > 0 ? `Lower ${ways.join(' or ')}.` : 'Take a smaller network.'
    }`,
  );
}
