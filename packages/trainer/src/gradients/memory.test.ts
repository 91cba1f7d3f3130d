import { buildNetwork, networkConfig } from '@pellucid/core';
import { expect, test } from 'vitest';
import { methodConfig, methodOf } from '../methods/index.ts';
import { refuseTooLarge } from './memory.ts';

const student = buildNetwork({
  kind: 'edge-unet',
  widths: [32, 64, 96],
  encoder: [2, 1, 1],
  decoder: [2, 1],
});
const teacher = buildNetwork({
  kind: 'edge-unet',
  widths: [64, 112, 160],
  encoder: [3, 2, 2],
  decoder: [3, 2],
});

/** On the wasm engine this student took a batch of 120 patches of 128x128 and this teacher one of 40, and not one of 52. */
test('what was seen to fit is let through, and what was seen not to fit is not', () => {
  expect(() => refuseTooLarge(student, [], [120, 128, 128, 3])).not.toThrow();
  expect(() => refuseTooLarge(teacher, [], [40, 128, 128, 3])).not.toThrow();
  expect(() => refuseTooLarge(teacher, [], [52, 128, 128, 3])).toThrow();
});

test('the error names a batch and a patch that fit, and others that do not', () => {
  const attempt = (batch: number, patch: number) => () =>
    refuseTooLarge(student, [teacher], [batch, patch, patch, 3]);
  const expected = { code: 'engine/out-of-memory' };
  expect(attempt(256, 128)).toThrow(expect.objectContaining(expected));
  let message = '';
  try {
    attempt(256, 128)();
  } catch (error) {
    message = (error as Error).message;
  }
  const [, batch, patch] = /data\.batch to (\d+) for each worker or data\.patch to (\d+)\./.exec(message)!;
  expect(attempt(Number(batch), 128)).not.toThrow();
  expect(attempt(Number(batch) + 1, 128)).toThrow();
  expect(attempt(256, Number(patch))).not.toThrow();
  expect(attempt(256, Number(patch) + student.alignment)).toThrow();
});

test('one patch too large for any batch leaves only a smaller patch', () => {
  expect(() => refuseTooLarge(teacher, [], [1, 4096, 4096, 3])).toThrow(/GiB\. Lower data\.patch to \d+\.$/);
});

test('what a method holds counts, and a teacher counts once the most of its run or the student’s step', () => {
  const shape = [64, 128, 128, 3];
  expect(() => refuseTooLarge(student, [], shape)).not.toThrow();
  expect(() => refuseTooLarge(student, [], shape, () => 4e9)).toThrow(
    /data\.batch to \d+ .*data\.patch to \d+/,
  );
  const compared = methodOf(methodConfig.parse({ kind: 'fakd' }), student, [teacher]);
  expect(() => refuseTooLarge(student, [teacher], shape)).not.toThrow();
  expect(() => refuseTooLarge(student, [teacher], shape, compared.held)).toThrow();
});

test('Restormer teaches its half by SLKD on two patches of 64, and not on thirty', () => {
  const restormer = (width: number, blocks: number[], refinement: number) =>
    buildNetwork(networkConfig.parse({ kind: 'restormer', width, blocks, refinement }));
  const [half, whole] = [restormer(24, [2, 3, 3, 4], 2), restormer(48, [4, 6, 6, 8], 4)];
  const { held } = methodOf(methodConfig.parse({ kind: 'slkd' }), half, [whole]);
  expect(() => refuseTooLarge(half, [whole], [2, 64, 64, 3], held)).not.toThrow();
  expect(() => refuseTooLarge(half, [whole], [30, 64, 64, 3], held)).toThrow(/data\.batch to \d+/);
});
