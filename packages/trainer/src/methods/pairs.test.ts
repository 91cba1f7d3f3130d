import { buildNetwork, type Graph, type NetworkConfig } from '@pellucid/core';
import { expect, it } from 'vitest';
import { pairLevels, pairTaps } from './pairs.ts';

const unet = (...widths: number[]) =>
  buildNetwork({
    kind: 'edge-unet',
    widths,
    encoder: widths.map(() => 0),
    decoder: widths.slice(1).map(() => 0),
  });
const nafnet = buildNetwork({
  kind: 'nafnet',
  width: 4,
  encoder: [1, 1],
  middle: 1,
  decoder: [1, 1],
} as NetworkConfig);

it('pairs every level with the one of its stride', () => {
  const pairs = pairTaps(unet(8, 16), unet(24, 32), undefined);
  expect(pairs).toEqual([
    {
      student: 'encoder0',
      teacher: 'encoder0',
      channels: { student: 8, teacher: 24 },
      block: { student: 1, teacher: 1 },
      stride: 2,
    },
    {
      student: 'encoder1',
      teacher: 'encoder1',
      channels: { student: 16, teacher: 32 },
      block: { student: 1, teacher: 1 },
      stride: 4,
    },
    {
      student: 'decoder0',
      teacher: 'decoder0',
      channels: { student: 8, teacher: 24 },
      block: { student: 1, teacher: 1 },
      stride: 2,
    },
  ]);
  // NAFNet's first level is as large as the photograph, the edge student's is half as large.
  const names = pairLevels(unet(8, 16), nafnet, 'encoder').map(({ student, teacher }) => [student, teacher]);
  expect(names).toEqual([
    ['encoder0', 'encoder1'],
    ['encoder1', 'encoder2'],
  ]);
});

it('takes the nearest level where none has the stride, the finer to be averaged', () => {
  expect(pairLevels(unet(8, 8, 8), unet(8, 8), 'encoder')[2]).toMatchObject({
    student: 'encoder2',
    teacher: 'encoder1',
    block: { student: 1, teacher: 2 },
    stride: 8,
  });
  expect(pairLevels(unet(8, 8), nafnet, 'decoder')[0]).toMatchObject({ teacher: 'decoder1', stride: 2 });
});

const dncnn = buildNetwork({ kind: 'dncnn', width: 8, depth: 4 } as NetworkConfig);
const crooked = (graph: Graph): Graph => ({
  ...graph,
  nodes: graph.nodes.map((node) => (node.stride === 4 ? { ...node, stride: 3 } : node)),
});

it.each([
  [
    'method/no-tap',
    () => pairTaps(unet(8), unet(8), [{ student: 'encoder0', teacher: 'encoder7' }]),
    'method.taps.0.teacher: the teacher has no tap encoder7; it has encoder0.',
  ],
  [
    'method/no-tap',
    () => pairTaps(unet(8), dncnn, [{ student: 'body1', teacher: 'body1' }]),
    'method.taps.0.student: the student has no tap body1',
  ],
  [
    'method/no-levels',
    () => pairTaps(unet(8), dncnn, undefined),
    'teacher: the teacher has no encoder levels to compare, only head, body0',
  ],
  [
    'method/no-levels',
    () => pairLevels(unet(8), unet(8), 'decoder'),
    'student.kind: the student has no decoder levels',
  ],
  [
    'method/scales',
    () => pairTaps(unet(8), crooked(unet(8, 8)), [{ student: 'encoder0', teacher: 'encoder1' }]),
    'cannot be brought to one size',
  ],
] as const)('refuses with %s', (code, attempt, message) => {
  expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});
