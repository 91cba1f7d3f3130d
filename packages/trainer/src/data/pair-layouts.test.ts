import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Random } from '@pellucid/core';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRecipe } from '../recipe.ts';
import { openTrainingData } from '../training-data.ts';
import { degradedPsnr } from '../validate.ts';
import { type PairLayoutName, pairFiles, pairLayouts } from './pair-layouts.ts';
import { degradedShape } from './patches.ts';
import { loadPhotographs } from './photographs.ts';

it.each<[PairLayoutName, string[], number]>([
  ['folders', ['input/a.png', 'target/a.jpg', 'input/deep.b.png', 'target/deep.b.png'], 2],
  ['folders', ['Rain13K/train/input/1.jpg', 'Rain13K/train/target/1.jpg'], 1],
  [
    'Rain1400',
    ['training/rainy_image/7_1.jpg', 'training/rainy_image/7_14.jpg', 'training/ground_truth/7.jpg'],
    2,
  ],
  ['Test1200', ['input/1.png', 'target/1.png'], 1],
  [
    'GoPro',
    [
      'train/GOPR0372_07_00/blur/000047.png',
      'train/GOPR0372_07_00/sharp/000047.png',
      'train/GOPR0374_11_00/blur/000047.png',
      'train/GOPR0374_11_00/sharp/000047.png',
      'train/GOPR0374_11_00/blur_gamma/000047.png',
    ],
    2,
  ],
  ['HIDE', ['train/10fromGOPR1000.png', 'GT/10fromGOPR1000.png'], 1],
  [
    'SIDD',
    [
      'Data/0001_001_S6_00100_00060_3200_L/0001_NOISY_SRGB_010.PNG',
      'Data/0001_001_S6_00100_00060_3200_L/0001_GT_SRGB_010.PNG',
      'Data/0001_001_S6_00100_00060_3200_L/0001_NOISY_SRGB_011.PNG',
      'Data/0001_001_S6_00100_00060_3200_L/0001_GT_SRGB_011.PNG',
    ],
    2,
  ],
  [
    'deconvolved',
    ['a/sharp/7.png', 'a/blur/7_0.png', 'a/deconvolved/7_0.png', 'a/blur/7_1.png', 'a/deconvolved/7_1.png'],
    2,
  ],
])('%s: files that belong together are found in %j', (name, files, count) => {
  const { pairs, unpaired } = pairFiles(files, pairLayouts[name]);
  expect(pairs).toHaveLength(count);
  expect(unpaired).toEqual([]);
  for (const { clean, degraded } of pairs) expect(clean).not.toBe(degraded);
});

it('names what lacks its other half', () => {
  const { pairs, unpaired } = pairFiles(
    ['input/a.png', 'input/b.png', 'target/b.png', 'target/c.png'],
    pairLayouts.folders,
  );
  expect(pairs).toEqual([{ clean: 'target/b.png', degraded: 'input/b.png' }]);
  expect(unpaired).toEqual([
    { file: 'input/a.png', reason: 'there is no clean file "a" to compare it with' },
    { file: 'target/c.png', reason: 'there is no degraded file "c" that belongs to it' },
  ]);
});

it('names a shaken photograph that was not deconvolved', () => {
  const { pairs, unpaired } = pairFiles(
    ['sharp/7.png', 'blur/7_0.png', 'blur/7_1.png', 'deconvolved/7_1.png'],
    pairLayouts.deconvolved,
  );
  expect(pairs).toEqual([
    { clean: 'sharp/7.png', degraded: 'blur/7_1.png', deconvolved: 'deconvolved/7_1.png' },
  ]);
  expect(unpaired).toEqual([
    { file: 'blur/7_0.png', reason: 'there is no file deconvolved/7_0.png that goes with it' },
  ]);
});

describe('a recipe of recorded pairs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pellucid-pairs-'));
    // Where x lies is in red; the degraded half has 100 more of green.
    for (const name of ['1', '2', '3']) {
      await write(`input/${name}.png`, 20, 16, 100);
      await write(`target/${name}.png`, 20, 16, 0);
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(name: string, width: number, height: number, green: number): Promise<void> {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
      i % 3 === 0 ? 10 * ((i / 3) % width) : i % 3 === 1 ? green : 7,
    );
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path.join(folder, name));
  }

  const recipe = (...overrides: string[]) =>
    parseRecipe(
      `
name: pairs
task: derain
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
data: { photographs: ${folder}, pairs: folders, patch: 8, batch: 5, validation: { count: 1, size: 8 } }
method: { kind: scratch }
steps: 300
`,
      overrides,
    );

  it('cuts the same place from both halves, turned alike', async () => {
    await write('input/4.png', 20, 16, 100);
    await write('target/4.png', 20, 18, 0);
    const { batch, validation, skipped, description } = await openTrainingData(recipe());
    expect(description).toContain('2 photographs to train on and 1');
    expect(skipped).toEqual([
      { name: 'input/4.png', reason: 'it is 20x16, and its clean half target/4.png is 20x18' },
    ]);
    for (const { clean, degraded } of [await batch(new Random(1)), validation[0]!])
      expect([...degraded]).toEqual(
        [...clean].map((value, i) => expect.closeTo(i % 3 === 1 ? value + 100 / 255 : value, 5)),
      );
  });

  it('reads a photograph once, however many rains are over it', async () => {
    await write('ground_truth/7.png', 20, 16, 0);
    await write('rainy_image/7_1.png', 20, 16, 100);
    await write('rainy_image/7_2.png', 20, 16, 200);
    const { photographs } = await loadPhotographs(folder, { smallest: 8, pairs: 'Rain1400' });
    const [one, other] = photographs;
    expect(photographs.map(({ name }) => name)).toEqual(['rainy_image/7_1.png', 'rainy_image/7_2.png']);
    expect(one!.data).toBe(other!.data);
    expect(one!.degraded).not.toEqual(other!.degraded);
  });

  it('shows a student what deconvolution made of a photograph, and beside it the photograph', async () => {
    for (const name of ['1', '2']) {
      await write(`sharp/${name}.png`, 20, 16, 0);
      await write(`blur/${name}_0.png`, 20, 16, 100);
      await write(`deconvolved/${name}_0.png`, 20, 16, 50);
    }
    const shaken = recipe('data.pairs=deconvolved', 'before=deconvolution', 'student.images=2');
    const { batch, validation } = await openTrainingData(shaken);
    for (const pairs of [await batch(new Random(1)), validation[0]!]) {
      expect(degradedShape(pairs)[3]).toBe(6);
      expect([...pairs.degraded]).toEqual(
        Array.from(pairs.degraded, (_, i) => {
          const [channel, pixel] = [i % 6, Math.floor(i / 6)];
          const added = [50, 100][Math.floor(channel / 3)]! / 255;
          const value = pairs.clean[3 * pixel + (channel % 3)]!;
          return expect.closeTo(channel % 3 === 1 ? value + added : value, 5);
        }),
      );
    }
    const error = 50 / 255 / Math.sqrt(3);
    expect(degradedPsnr(validation)).toBeCloseTo(-20 * Math.log10(error), 3);
  });

  it('holds no pairs of another layout, and says what it looked for', async () => {
    await expect(loadPhotographs(folder, { smallest: 8, pairs: 'SIDD' })).rejects.toMatchObject({
      code: 'data/no-photographs',
      message: expect.stringMatching(/holds no pair of SIDD: its files are named like .*NOISY_SRGB/),
    });
  });

  it('needs a folder', async () => {
    await expect(openTrainingData(recipe('data.photographs=procedural'))).rejects.toMatchObject({
      code: 'data/no-source',
    });
  });

  it.each([
    [['degradation={kind: rain}'], /degradation: give one, or data\.pairs/],
    [['data.pairs='], /degradation: give one, or data\.pairs/],
    [
      ['data.pairs=deconvolved', 'student.images=2'],
      /before: deconvolution goes with data\.pairs deconvolved/,
    ],
    [
      [
        'data.pairs=deconvolved',
        'before=deconvolution',
        'student.images=2',
        'method.kind=mtkd',
        'teachers=[a, b]',
        'aggregator=mean',
      ],
      /method: merges what teachers make of one image, and this student sees two/,
    ],
    [['data.pairs=GoPr'], /data\.pairs: .*GoPro/],
  ])('refuses %j', (overrides, message) => {
    expect(() => recipe(...overrides)).toThrow(message);
  });
});
