import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { psnr } from '@pellucid/core';
import { readImage } from '@pellucid/trainer';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolder } from '../folders.ts';
import { writePicture } from '../testing.ts';
import { catalogue } from './catalogue.ts';
import { openDataset, presentDatasets, type Sample } from './dataset.ts';
import { findSamples } from './files.ts';
import { conditions, conventions, describeCondition } from './protocol.ts';
import { bicubic, cropToMultiple, toBytes, toFloat } from './raster.ts';

const noise = { kind: 'noise', sigma: 25, seed: 0 } as const;
const strengths = { sigmas: [25], scales: [2], seed: 0 };
const jpeg = (quality: number) => ({ format: 'jpeg', quality }) as const;
const webp = (quality: number) => ({ format: 'webp', quality }) as const;
const rgb = { channel: 'RGB', crop: 0, round: false } as const;

let data: string;
beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'pellucid-data-'));
});
afterEach(() => rm(data, { recursive: true }));

const files = async (names: string[]) => {
  for (const [index, name] of names.entries()) await writePicture(path.join(data, name), index);
};

describe('pairs', () => {
  it.each([
    [
      'Rain100L',
      ['rainy/rain-001.png', 'norain/norain-001.png', 'rainy/rain-010.png', 'norain/norain-010.png'],
      2,
    ],
    ['Rain100H_subset20', ['rainy/5.png', 'norain/5.png'], 1],
    ['Rain1400', ['rainy_image/901_1.png', 'rainy_image/901_14.png', 'ground_truth/901.png'], 2],
    ['Test1200', ['input/7.png', 'target/7.png'], 1],
    ['GoPro', ['test/GOPR0384_11_00/blur/000001.png', 'test/GOPR0384_11_00/sharp/000001.png'], 1],
    ['GoPro', ['input/a-1.png', 'target/a-1.png'], 1],
    [
      'HIDE',
      ['test/test-close-ups/1fr.png', 'test/test-long-shot/2fr.png', 'test/GT/1fr.png', 'test/GT/2fr.png'],
      2,
    ],
    ['SIDD', ['input_crops/0001-1.png', 'gt_crops/0001-1.png'], 1],
    ['PolyU', ['CroppedImages/Canon_1_real.png', 'CroppedImages/Canon_1_mean.png'], 1],
    ['CC', ['5dmark3_iso3200_1_real.png', '5dmark3_iso3200_1_mean.png'], 1],
    ['CC', ['real/a_1_real.png', 'mean/a_1_mean.png'], 1],
  ])('of %s belong together as its archive names them: %j', async (name, names, count) => {
    await files(names.map((file) => `${name}/${file}`));
    const { samples, missing, protocol } = await openDataset(name, data);
    expect(missing).toEqual([]);
    expect(samples).toHaveLength(count);
    expect(new Set(samples.map(({ file }) => file)).size).toBe(count);
    expect(protocol.folder).toBe(name);
    const { input, truth } = await samples[0]!.read({ kind: 'pairs' });
    expect([input.width, input.height]).toEqual([truth.width, truth.height]);
    expect(psnr(input, truth, rgb)).toBeLessThan(40);
  });

  it('whose partner is missing are named, and cost no other pair', async () => {
    await files(['CC/a_real.png', 'CC/a_mean.png', 'CC/b_real.png', 'CC/c_mean.png']);
    const { samples, missing } = await openDataset('CC', data);
    expect(samples.map(({ file }) => file)).toEqual(['a_real.png']);
    expect(missing).toEqual([
      { file: 'b_real.png', reason: 'there is no clean file "b" to compare it with' },
      { file: 'c_mean.png', reason: 'there is no degraded file "c" that belongs to it' },
    ]);
  });

  it('of two sizes name the file and what it should be', async () => {
    await writePicture(path.join(data, 'CC/a_real.png'), 1, 30, 20);
    await writePicture(path.join(data, 'CC/a_mean.png'), 1, 30, 21);
    const { samples } = await openDataset('CC', data);
    await expect(samples[0]!.read({ kind: 'pairs' })).rejects.toMatchObject({
      code: 'bench/size-mismatch',
      message: expect.stringMatching(/a_real\.png is 30x20, but a_mean\.png wants 30x21/),
    });
  });

  it('in a folder of one’s own are found by common names, and else it holds clean photographs', async () => {
    await files(['mine/noisy/x.png', 'mine/clean/x.png', 'plain/deep/y.png']);
    const pairs = await openDataset(path.join(data, 'mine'), data, 'deblur');
    expect(pairs.protocol).toMatchObject({ name: 'mine', tasks: ['deblur'], channel: 'RGB', count: 1 });
    expect(pairs.samples).toHaveLength(1);
    const plain = await openDataset(path.join(data, 'plain'), data);
    expect(plain.protocol.degraded).toBeUndefined();
    expect(plain.samples.map(({ file }) => file)).toEqual(['deep/y.png']);
    await expect(openDataset(path.join(data, 'plain'), data, 'derain')).rejects.toMatchObject({
      code: 'bench/no-pairs',
      message: expect.stringContaining('plain/input'),
    });
  });
});

describe('clean photographs', () => {
  it('get noise that depends on the seed and their own name, not on the others or the format', async () => {
    await writePicture(path.join(data, 'CBSD68/b.png'), 2);
    const alone = await read(0);
    await writePicture(path.join(data, 'CBSD68/a.png'), 1);
    const together = (await openDataset('CBSD68', data)).samples;
    expect(together.map(({ file }) => file)).toEqual(['a.png', 'b.png']);
    expect((await together[1]!.read(noise)).input).toEqual(alone.input);
    await sharp(path.join(data, 'CBSD68/b.png'))
      .webp({ lossless: true })
      .toFile(path.join(data, 'CBSD68/b.webp'));
    await rm(path.join(data, 'CBSD68/a.png'));
    await rm(path.join(data, 'CBSD68/b.png'));
    expect((await read(0)).input).toEqual(alone.input);
    expect((await read(1)).input).not.toEqual(alone.input);
    // 20 log10(255 / 25)
    expect(psnr(alone.input, alone.truth, rgb)).toBeCloseTo(20.17, 0);

    async function read(seed: number) {
      const [sample] = (await openDataset('CBSD68', data)).samples;
      return sample!.read({ ...noise, seed });
    }
  });

  it('are cropped to a multiple of the scale and reduced, or their own reduced files are read', async () => {
    await writePicture(path.join(data, 'Set5/baby.png'), 1, 50, 41);
    const [sample] = (await openDataset('Set5', data)).samples;
    const made = await sample!.read({ kind: 'bicubic', scale: 3 });
    expect([made.truth.width, made.truth.height, made.input.width, made.input.height]).toEqual([
      48, 39, 16, 13,
    ]);
    await writePicture(path.join(data, 'Set5_LR_bicubic/X3/babyx3.png'), 9, 16, 13);
    const read = await sample!.read({ kind: 'bicubic', scale: 3 });
    expect(read.input).not.toEqual(made.input);
    await writePicture(path.join(data, 'Set5_LR_bicubic/X3/babyx3.png'), 9, 16, 14);
    await expect(sample!.read({ kind: 'bicubic', scale: 3 })).rejects.toMatchObject({
      code: 'bench/size-mismatch',
      message: expect.stringMatching(/babyx3\.png is 16x14.*wants 16x13/),
    });
  });

  it('are stored as JPEG, worse the lower the quality, and measured on Y', async () => {
    await writePicture(path.join(data, 'Set14/lenna.png'), 1, 64, 48);
    const { samples, protocol } = await openDataset('Set14', data, 'jpeg');
    const [poor, good] = conditions(protocol, { ...strengths, stored: [jpeg(10), webp(10), jpeg(90)] });
    expect(conventions(protocol, poor!).channel).toBe('Y');
    const [worse, better] = await Promise.all([poor!, good!].map((condition) => samples[0]!.read(condition)));
    const psnrOf = ({ input, truth }: Awaited<ReturnType<Sample['read']>>) => psnr(input, truth, rgb);
    expect(psnrOf(worse!)).toBeLessThan(psnrOf(better!) - 3);
  });

  it('are stored after they were reduced where a quality is asked for', async () => {
    await writePicture(path.join(data, 'Set5/baby.png'), 1, 64, 48);
    const { samples, protocol } = await openDataset('Set5', data);
    const asked = { ...strengths, stored: [jpeg(10), jpeg(90), webp(10), webp(90)] };
    const all = [...conditions(protocol, strengths), ...conditions(protocol, asked)];
    expect(all.map(describeCondition)).toEqual([
      'x2',
      'x2, JPEG 10',
      'x2, JPEG 90',
      'x2, WebP 10',
      'x2, WebP 90',
    ]);
    expect(conventions(protocol, all[1]!)).toEqual({ channel: 'Y', crop: 2 });
    const [small, ...stored] = await Promise.all(all.map((condition) => samples[0]!.read(condition)));
    const [poorJpeg, goodJpeg, poorWebp, goodWebp] = stored.map(({ input }) => {
      expect([input.width, input.height]).toEqual([32, 24]);
      return psnr(input, small!.input, rgb);
    });
    expect(poorJpeg).toBeLessThan(goodJpeg! - 3);
    expect(poorWebp).toBeLessThan(goodWebp! - 3);
  });

  it('are blurred by a camera’s shake that depends on the seed and their own name', async () => {
    await files(['CBSD68/a.png', 'CBSD68/b.png']);
    const { samples, protocol } = await openDataset('CBSD68', data, 'deblur');
    const [shaken] = conditions(protocol, strengths);
    expect(shaken).toEqual({ kind: 'shake', seed: 0 });
    const { input, truth } = await samples[1]!.read(shaken!);
    expect(psnr(input, truth, rgb)).toBeLessThan(35);
    expect((await samples[1]!.read({ kind: 'shake', seed: 1 })).input).not.toEqual(input);
    await rm(path.join(data, 'CBSD68/a.png'));
    const [alone] = (await openDataset('CBSD68', data, 'deblur')).samples;
    expect((await alone!.read(shaken!)).input).toEqual(input);
  });

  it('are drawn where there are none', async () => {
    const { samples } = await openDataset('drawn', data);
    expect(samples).toHaveLength(8);
    const { truth } = await samples[3]!.read(noise);
    expect((await samples[3]!.read(noise)).truth).toEqual(truth);
  });
});

describe('what is not there', () => {
  it('is an error that says what was looked for and where', async () => {
    await expect(openDataset('Kodak24', data)).rejects.toMatchObject({
      code: 'bench/no-dataset',
      message: expect.stringMatching(/Kodak24 .* is not at .*Kodak24\. Put its 24 photographs there/),
    });
    await files(['Rain100L/wrong/1.png']);
    await expect(openDataset('Rain100L', data)).rejects.toMatchObject({
      code: 'bench/no-photographs',
      message: expect.stringMatching(/holds no sample of Rain100L: 1 photographs, none that is named/),
    });
  });

  it('is suggested when it is misspelt', async () => {
    await expect(openDataset('CBDS68', data)).rejects.toMatchObject({
      code: 'bench/unknown-dataset',
      message: expect.stringContaining('did you mean CBSD68?'),
    });
    await expect(openDataset('Set5', data, 'derain')).rejects.toMatchObject({ code: 'bench/wrong-task' });
  });
});

it('leaves out what a protocol excludes', async () => {
  await files(['Kodak24/kodim01.png', 'Kodak24/kodim02.png']);
  const protocol = catalogue.find(({ folder }) => folder === 'Kodak24')!;
  const excluding = { ...protocol, exclude: { kodim01: 'it is in the training set' } };
  const { samples } = await findSamples(path.join(data, 'Kodak24'), excluding);
  expect(samples.map(({ id }) => id)).toEqual(['kodim02']);
});

const real = dataFolder();
const present = presentDatasets(real).map(({ folder, count }) => ({ folder, count }));

describe.skipIf(present.length === 0)(`the sets in ${real}${present.length ? '' : ' (not there)'}`, () => {
  it.each(present)('$folder is whole: $count', async ({ folder, count }) => {
    const { samples, missing } = await openDataset(folder, real);
    expect(missing).toEqual([]);
    expect(samples).toHaveLength(count);
  });
});

const oracle = ['Set5/bird.png', 'Set5_LR_bicubic/X2/birdx2.png'].map((file) => path.join(real, file));
const missing = oracle.filter((file) => !existsSync(file));

it.skipIf(missing.length > 0)(`reduces as MATLAB does (needs ${oracle.join(' and ')})`, async () => {
  const [truth, expected] = await Promise.all(oracle.map(readImage));
  const reduced = toBytes(bicubic(cropToMultiple(toFloat(truth!), 2), 0.5)).data;
  const differences = expected!.data.map((value, i) => Math.abs(value - reduced[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.filter((value) => value > 0).length / differences.length).toBeLessThan(0.01);
});
