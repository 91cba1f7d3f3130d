import { buildNetwork } from '@pellucid/core';
import { expect, test } from 'vitest';
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
