import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { photographs, readPicture } from '../../testing/images.ts';
import { gaussianNoise, type ImmediateDegradation, motionBlur, rain } from '../degradations/index.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { diagnose, type Finding } from './diagnose.ts';
import { diagnosticFeatures } from './features.ts';
import { GrainStatistics } from './grain.ts';
import { NoiseStatistics } from './noise.ts';
import { regionsOf } from './regions.ts';

/** Soft hills of colour with some sharp edges. */
function drawn(width: number, height: number): Raster & { data: Uint8Array } {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const edge = Math.hypot(x - width / 2, y - height / 2) < height / 4 ? 60 : 0;
    return 90 + 40 * Math.sin(x / 30 + (i % 3)) + 30 * Math.cos(y / 23) + edge;
  });
  return { width, height, channels: 3, data };
}

function spoilt(
  image: Raster,
  degradation: ImmediateDegradation,
  seed: number,
): Raster & { data: Uint8Array } {
  const pixels = Float32Array.from(image.data, (value) => value / 255);
  const floats = degradation.apply(pixels, image.width, image.height, new Random(seed));
  const data = Uint8Array.from(floats, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return { ...image, data };
}

async function compressed(image: Raster, quality: number): Promise<Raster> {
  const raw = { width: image.width, height: image.height, channels: 3 as const };
  const file = await sharp(image.data as Uint8Array, { raw })
    .jpeg({ quality })
    .toBuffer();
  return { ...image, data: new Uint8Array(await sharp(file).raw().toBuffer()) };
}

describe('diagnosticFeatures', () => {
  it('are the same of bytes, words, floats and with alpha', () => {
    const image = spoilt(drawn(90, 70), gaussianNoise({ sigma: 10 }), 1);
    const expected = diagnosticFeatures(image);
    const withAlpha = new Uint8Array(90 * 70 * 4).map((_, i) =>
      i % 4 === 3 ? i & 255 : image.data[3 * (i >> 2) + (i % 4)]!,
    );
    for (const other of [
      { ...image, data: Uint16Array.from(image.data, (value) => value * 257) },
      { ...image, data: Float32Array.from(image.data, (value) => value / 255) },
      { ...image, channels: 4 as const, data: withAlpha },
    ])
      for (const [i, value] of diagnosticFeatures(other).entries())
        expect(value).toBeCloseTo(expected[i]!, 3);
  });

  it('are numbers of whatever picture, however narrow, flat or large', () => {
    const length = diagnosticFeatures(drawn(64, 64)).length;
    const flat: Raster = { width: 40, height: 40, channels: 3, data: new Uint8Array(40 * 40 * 3) };
    for (const image of [drawn(32, 32), drawn(32, 9000), drawn(9000, 33), drawn(1000, 700), flat]) {
      const features = diagnosticFeatures(image);
      expect(features).toHaveLength(length);
      expect(features.every(Number.isFinite)).toBe(true);
    }
  });

  it('look at no more of a large photograph than of a middling one, and at all its parts', () => {
    for (const [width, height] of [
      [2000, 1500],
      [12_000, 100],
      [700, 700],
    ] as const) {
      const image: Raster = { width, height, channels: 3, data: new Uint8Array(width * height * 3) };
      const regions = [...regionsOf(image)];
      const seen = regions.reduce((sum, region) => sum + region.width * region.height, 0);
      expect(seen).toBeLessThanOrEqual(2 ** 18);
      expect(seen).toBeGreaterThan(60_000);
      expect(Math.max(...regions.map((region) => region.left + region.width))).toBeGreaterThan(0.8 * width);
      for (const { left, top, width: wide, height: high } of regions)
        expect(left >= 0 && top >= 0 && left + wide <= width && top + high <= height).toBe(true);
    }
  });

  it('read the noise off flat blocks', () => {
    for (const sigma of [5, 15, 30]) {
      const statistics = new NoiseStatistics();
      for (const region of regionsOf(spoilt(drawn(300, 200), gaussianNoise({ sigma }), sigma)))
        statistics.add(region);
      expect(Math.exp(statistics.features()[0]!) / sigma).toBeCloseTo(0.95, 0);
    }
  });
});

describe('GrainStatistics', () => {
  /** Deviations in the tenth of the blocks that is flattest: grey at 2 and 4 times the size, colour at 1, 2 and 4. */
  const grain = (image: Raster) => {
    const statistics = new GrainStatistics();
    for (const region of regionsOf(image)) statistics.add(region);
    const [grey2, , grey4, , colour1, , colour2, , colour4] = statistics
      .features()
      .map((value) => Math.exp(value));
    return { grey2, grey4, colour1, colour2, colour4 } as Record<string, number>;
  };

  it('halve white noise with each halving of the photograph', () => {
    const { colour1, colour2, colour4 } = grain(spoilt(drawn(400, 300), gaussianNoise({ sigma: 20 }), 3));
    expect(colour2! / colour1!).toBeCloseTo(0.5, 1);
    expect(colour4! / colour2!).toBeCloseTo(0.5, 1);
  });

  it('find smoothed noise at the size it was smoothed to', async () => {
    const { data, ...size } = spoilt(drawn(400, 300), gaussianNoise({ sigma: 20 }), 4);
    const soft = await sharp(data, { raw: size }).blur(1.6).raw().toBuffer();
    const { colour1, colour2, colour4 } = grain({ ...size, data: new Uint8Array(soft) });
    expect(colour4).toBeGreaterThan(1.5 * colour1!);
    expect(colour2).toBeGreaterThan(1.5 * colour1!);
  });

  it('find no colour in grey noise', () => {
    const noisy = spoilt(drawn(400, 300), gaussianNoise({ sigma: 20 }), 5);
    const grey = { ...noisy, data: noisy.data.map((_, i, data) => data[i - (i % 3)]!) };
    const { grey2, colour2 } = grain(grey);
    expect(grey2).toBeGreaterThan(5);
    expect(colour2).toBeLessThan(0.3);
  });
});

it('leaves alone what is too small to tell', () => {
  expect(diagnose(drawn(31, 200))).toMatchObject({ finding: 'none', probabilities: { none: 1 } });
});

it('takes a file at its word where nothing is seen', async () => {
  const { width, height, data } = drawn(40, 40);
  const picture = sharp(data, { raw: { width, height, channels: 3 } });
  const stored = (quality: number) => picture.clone().jpeg({ quality }).toBuffer();
  const small = drawn(31, 31);
  expect(diagnose(small, await stored(75))).toMatchObject({ finding: 'jpeg', task: 'jpeg', quality: 75 });
  expect(diagnose(small, await stored(76))).toMatchObject({ finding: 'none', task: null, quality: 76 });
  expect(diagnose(small, await picture.clone().png().toBuffer())).toEqual(diagnose(small));
  const noisy = spoilt(drawn(128, 128), gaussianNoise({ sigma: 25 }), 1);
  expect(diagnose(noisy)).toMatchObject({ finding: 'noise' });
  expect(diagnose(noisy, await stored(60))).toMatchObject({ finding: 'noise', task: 'denoise', quality: 60 });
});

const folder = photographs('CBSD68');
const missing = existsSync(folder) ? '' : ` (skipped: no ${folder})`;

describe.skipIf(missing !== '')(`diagnose on photographs${missing}`, () => {
  const files = missing ? [] : readdirSync(folder).sort().slice(0, 8);
  const found = async (spoil: (image: Raster, i: number) => Raster | Promise<Raster>) =>
    Promise.all(
      files.map(async (file, i) => diagnose(await spoil(await readPicture(join(folder, file)), i))),
    );
  const count = (findings: { finding: Finding }[], finding: Finding) =>
    findings.filter((one) => one.finding === finding).length;

  it('accuses hardly a clean one', async () => {
    expect(count(await found((image) => image), 'none')).toBeGreaterThanOrEqual(7);
  });

  it('finds what was done to most others', async () => {
    const noisy = await found((image, i) => spoilt(image, gaussianNoise({ sigma: 25 }), i));
    expect(count(noisy, 'noise')).toBeGreaterThanOrEqual(7);
    for (const { sigma } of noisy) expect(Math.abs(sigma - 25)).toBeLessThan(8);
    const shaken = motionBlur({ travel: 20, shake: 0.3, sigma: 1 });
    expect(count(await found((image, i) => spoilt(image, shaken, i)), 'blur')).toBeGreaterThanOrEqual(6);
    const uploaded = await found((image, i) => compressed(spoilt(image, shaken, i), 85));
    expect(count(uploaded, 'blur')).toBeGreaterThanOrEqual(6);
    const blocky = await found((image) => compressed(image, 25));
    expect(count(blocky, 'jpeg')).toBeGreaterThanOrEqual(6);
    for (const { finding, quality } of blocky)
      if (finding === 'jpeg') expect(Math.abs(quality - 25)).toBeLessThan(15);
    const fall = rain({
      layers: 2,
      coverage: 0.2,
      angle: [-30, 30],
      length: 25,
      width: 0.8,
      brightness: 0.5,
    });
    expect(count(await found((image, i) => spoilt(image, fall, i)), 'rain')).toBeGreaterThanOrEqual(6);
  }, 180_000);
});

/** What is found of the first photographs of a folder. */
async function findings(folder: string): Promise<Finding[]> {
  const files = readdirSync(folder).sort().slice(0, 15);
  return Promise.all(files.map(async (file) => diagnose(await readPicture(join(folder, file))).finding));
}

const cameras = photographs('CC');
const noCameras = existsSync(cameras) ? '' : ` (skipped: no ${cameras})`;

describe.skipIf(noCameras !== '')(`diagnose on a camera's own noise${noCameras}`, () => {
  it('finds it in most, though the camera smoothed it, and nothing else', async () => {
    const found = await findings(join(cameras, 'real'));
    expect(found.filter((finding) => finding === 'noise').length).toBeGreaterThanOrEqual(9);
    expect(new Set(found)).toEqual(new Set(['noise', 'none']));
  });

  it('finds none in the mean of many shots', async () => {
    expect(await findings(join(cameras, 'mean'))).not.toContain('noise');
  });
});

const streaks = photographs('Rain100L');
const noStreaks = existsSync(streaks) ? '' : ` (skipped: no ${streaks})`;

describe.skipIf(noStreaks !== '')(`diagnose on rain that others drew${noStreaks}`, () => {
  it('finds it in most', async () => {
    const found = await findings(join(streaks, 'rainy'));
    expect(found.filter((finding) => finding === 'rain').length).toBeGreaterThanOrEqual(11);
  });

  it('finds none in the same photographs without', async () => {
    expect(await findings(join(streaks, 'norain'))).not.toContain('rain');
  });
});
