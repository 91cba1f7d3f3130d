import { bicubicDownscale, type Degradation, gaussianNoise, Random } from '@pellucid/core';
import { describe, expect, it } from 'vitest';
import {
  degradedShape,
  holdOut,
  openPhotographs,
  PatchSampler,
  type Photograph,
  validationPairs,
} from './index.ts';

/** Red counts columns, green counts rows, blue is the photograph's mark: each pixel tells where it comes from. */
function chart(width: number, height: number, mark: number): Photograph {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), mark], 3 * i);
  return { name: `chart-${mark}`, width, height, channels: 3, data };
}

const noise = gaussianNoise({ sigma: [5, 50] });
const none: Degradation = { apply: (pixels) => pixels.slice() };
const photographs = [chart(20, 30, 1), chart(60, 50, 2)];

/** (column, row, mark) of each pixel of each patch. */
function sources(values: Float32Array, patch: number): [number, number, number][][] {
  const bytes = Array.from(values, (value) => Math.round(255 * value));
  const pixels = Array.from({ length: bytes.length / 3 }, (_, i) => bytes.slice(3 * i, 3 * i + 3));
  return Array.from({ length: pixels.length / patch ** 2 }, (_, i) =>
    pixels.slice(i * patch ** 2, (i + 1) * patch ** 2),
  ) as [number, number, number][][];
}

describe('PatchSampler', () => {
  it('yields clean patches of 0..1 and the same patches degraded', async () => {
    const add: Degradation = { apply: (pixels) => pixels.map((value) => value + 2) };
    const sampler = new PatchSampler({ photographs, patch: 8, batch: 3, degradation: add });
    const { clean, degraded, shape } = await sampler.draw(new Random(1));
    expect(shape).toEqual([3, 8, 8, 3]);
    expect(clean.length).toBe(3 * 8 * 8 * 3);
    expect(degraded).toEqual(clean.map((value) => value + 2));
    expect(Math.max(...clean)).toBeLessThanOrEqual(59 / 255 + 1e-7);
  });

  it('gives smaller degraded patches, each of its clean one, to a degradation that reduces', async () => {
    const degradation = bicubicDownscale({ scale: 2 });
    const sampler = new PatchSampler({ photographs, patch: 8, batch: 3, degradation });
    const pairs = await sampler.draw(new Random(1));
    expect(pairs.shape).toEqual([3, 8, 8, 3]);
    expect(degradedShape(pairs)).toEqual([3, 4, 4, 3]);
    for (let index = 0; index < 3; index++)
      expect(pairs.degraded.slice(index * 48, (index + 1) * 48)).toEqual(
        degradation.apply(pairs.clean.slice(index * 192, (index + 1) * 192), 8, 8, new Random(1)),
      );
    const [pair] = await validationPairs({ photographs, size: 16, degradation, seed: 1 });
    expect(degradedShape(pair!)).toEqual([1, 8, 8, 3]);
    expect(pair!.degraded.length).toBe(8 * 8 * 3);
  });

  it('spoils a patch together with what lies around it, as far as the degradation reaches', async () => {
    // What lies three pixels further left moves here; at the left edge of what it is given there is nothing to move.
    const shift: Degradation = {
      reach: 3,
      apply: (pixels, width) => pixels.map((_, i) => (i % (3 * width) < 9 ? Number.NaN : pixels[i - 9]!)),
    };
    const large = [chart(200, 200, 1)];
    const patch = 8;
    const { clean, degraded } = await new PatchSampler({
      photographs: large,
      patch,
      batch: 40,
      degradation: shift,
    }).draw(new Random(6));
    const [wholes, shifted] = [sources(clean, patch), sources(degraded, patch)];
    for (const [index, whole] of wholes.entries()) {
      const [first, second] = [whole[0]!, whole[1]!];
      const left = [0, 1].map((axis) => first[axis]! - 3 * (second[axis]! - first[axis]!));
      if (left.some((place) => place < 0 || place > 199)) continue;
      expect(shifted[index]![0]!.slice(0, 2)).toEqual(left);
      expect(shifted[index]![3]).toEqual(first);
    }
    const [pair] = await validationPairs({ photographs: large, size: 16, degradation: shift, seed: 1 });
    expect(sources(pair!.degraded, 16)[0]![0]).toEqual([89, 92, 1]);
  });

  it('says how strong the noise of each patch is, where noise degrades it', async () => {
    const settings = { photographs, patch: 16, batch: 6 };
    const pairs = await new PatchSampler({ ...settings, degradation: noise }).draw(new Random(4));
    const pixels = 16 * 16 * 3;
    for (const [index, level] of pairs.noiseLevels!.entries()) {
      const difference = pairs.degraded
        .subarray(index * pixels, (index + 1) * pixels)
        .map((value, i) => 255 * (value - pairs.clean[index * pixels + i]!));
      const deviation = Math.sqrt(difference.reduce((sum, value) => sum + value * value, 0) / pixels);
      expect(Math.abs(deviation / level - 1)).toBeLessThan(0.1);
    }
    expect(await new PatchSampler({ ...settings, degradation: none }).draw(new Random(4))).not.toHaveProperty(
      'noiseLevels',
    );
  });

  it('cuts whole squares, in all eight orientations equally often', async () => {
    const patch = 4;
    const sampler = new PatchSampler({ photographs, patch, batch: 800, degradation: none });
    const counts = new Map<string, number>();
    for (const pixels of sources((await sampler.draw(new Random(2))).clean, patch)) {
      const columns = new Set(pixels.map(([column]) => column));
      const rows = new Set(pixels.map(([, row]) => row));
      expect([columns.size, rows.size, new Set(pixels.map(([, , mark]) => mark)).size]).toEqual([4, 4, 1]);
      expect(Math.max(...columns) - Math.min(...columns)).toBe(3);
      const [first, right, below] = [pixels[0]!, pixels[1]!, pixels[patch]!];
      const steps = [right[0] - first[0], right[1] - first[1], below[0] - first[0], below[1] - first[1]];
      counts.set(steps.join(), (counts.get(steps.join()) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(
      ['1,0,0,1', '-1,0,0,1', '1,0,0,-1', '-1,0,0,-1', '0,1,1,0', '0,-1,1,0', '0,1,-1,0', '0,-1,-1,0'].sort(),
    );
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(35);
  });

  it('chooses photographs in proportion to their area and reaches every corner', async () => {
    const sampler = new PatchSampler({ photographs, patch: 8, batch: 3000, degradation: none });
    const patches = sources((await sampler.draw(new Random(3))).clean, 8);
    const large = patches.filter((pixels) => pixels[0]![2] === 2);
    expect(large.length / patches.length).toBeCloseTo(3000 / 3600, 1.5);
    for (const [mark, width, height] of [
      [1, 20, 30],
      [2, 60, 50],
    ]) {
      const pixels = patches.flat().filter((pixel) => pixel[2] === mark);
      expect(pixels.reduce((most, [column]) => Math.max(most, column), 0)).toBe(width! - 1);
      expect(pixels.reduce((most, [, row]) => Math.max(most, row), 0)).toBe(height! - 1);
      expect(pixels.reduce((least, [column]) => Math.min(least, column), 99)).toBe(0);
      expect(pixels.reduce((least, [, row]) => Math.min(least, row), 99)).toBe(0);
    }
  });

  it('takes a photograph of just the size of a patch', async () => {
    const sampler = new PatchSampler({
      photographs: [chart(8, 8, 3)],
      patch: 8,
      batch: 4,
      degradation: none,
    });
    for (const pixels of sources((await sampler.draw(new Random(4))).clean, 8))
      expect(new Set(pixels.map(String)).size).toBe(64);
  });

  it('makes every batch of a pool of patches that no seed changes', async () => {
    const sampler = new PatchSampler({ photographs, patch: 8, batch: 40, pool: 5, degradation: noise });
    const patches = async (seed: number) => {
      const { degraded } = await sampler.draw(new Random(seed));
      return Array.from({ length: 40 }, (_, i) => degraded.slice(i * 192, (i + 1) * 192).join());
    };
    const drawn = await Promise.all([1, 2, 3].map(patches));
    expect(new Set(drawn.flat()).size).toBe(5);
    expect(drawn[0]).not.toEqual(drawn[1]);
  });

  it('draws the same batches from the same stream, also when the stream is saved and restored', async () => {
    const sampler = new PatchSampler({ photographs, patch: 8, batch: 2, degradation: noise });
    const random = new Random(5);
    await sampler.draw(random);
    const resumed = Random.from(JSON.parse(JSON.stringify(random.state())));
    const next = await sampler.draw(random);
    expect(await sampler.draw(resumed)).toEqual(next);
    expect(await sampler.draw(resumed)).not.toEqual(next);
  });
});

describe('holdOut', () => {
  const many = Array.from({ length: 10 }, (_, i) => chart(10 + 10 * (i % 2), 20, i));

  it('splits by the seed, holding out only photographs that are large enough', () => {
    const { training, validation } = holdOut(many, { count: 3, size: 16, seed: 1 });
    expect(validation).toHaveLength(3);
    expect(validation.every(({ width }) => width === 20)).toBe(true);
    expect(new Set([...training, ...validation])).toEqual(new Set(many));
    expect(holdOut(many, { count: 3, size: 16, seed: 1 })).toEqual({ training, validation });
    expect(holdOut(many, { count: 3, size: 16, seed: 2 })).not.toEqual({ training, validation });
  });

  it('holds out one version of a photograph, and trains on none', () => {
    const versions = many.flatMap((photograph) => [
      { ...photograph, name: `${photograph.name} a` },
      { ...photograph, name: `${photograph.name} b` },
    ]);
    const { training, validation } = holdOut(versions, { count: 3, size: 16, seed: 1 });
    expect(validation).toHaveLength(3);
    expect(training).toHaveLength(14);
    const seen = new Set(training.map(({ data }) => data));
    expect(validation.filter(({ data }) => seen.has(data))).toEqual([]);
  });

  it('refuses when too few are large enough or none is left to train on', () => {
    const error = expect.objectContaining({ name: 'PellucidError', code: 'data/too-few' });
    expect(() => holdOut(many, { count: 6, size: 16, seed: 1 })).toThrow(error);
    expect(() => holdOut(many, { count: 10, size: 8, seed: 1 })).toThrow(error);
    expect(holdOut(many, { count: 9, size: 8, seed: 1 }).training).toHaveLength(1);
  });
});

describe('validationPairs', () => {
  it('cuts the middle of each photograph, upright', async () => {
    const pairs = await validationPairs({ photographs, size: 10, degradation: none, seed: 1 });
    expect(pairs.map(({ shape }) => shape)).toEqual([
      [1, 10, 10, 3],
      [1, 10, 10, 3],
    ]);
    const [small, large] = pairs.map(({ clean }) => sources(clean, 10)[0]!);
    expect([small![0], small![99]]).toEqual([
      [5, 10, 1],
      [14, 19, 1],
    ]);
    expect([large![0], large![99]]).toEqual([
      [25, 20, 2],
      [34, 29, 2],
    ]);
  });

  it('says how strong the noise is', async () => {
    const [pair] = await validationPairs({
      photographs: [chart(60, 50, 2)],
      size: 32,
      degradation: noise,
      seed: 1,
    });
    const difference = pair!.degraded.map((value, i) => 255 * (value - pair!.clean[i]!));
    const deviation = Math.sqrt(
      difference.reduce((sum, value) => sum + value * value, 0) / difference.length,
    );
    expect(Math.abs(deviation / pair!.noiseLevels![0]! - 1)).toBeLessThan(0.05);
  });

  it('degrades each the same way every time, whatever else is in the set', async () => {
    const options = { photographs, size: 10, degradation: noise, seed: 1 };
    const pairs = await validationPairs(options);
    expect(await validationPairs(options)).toEqual(pairs);
    expect(await validationPairs({ ...options, photographs: photographs.slice(1) })).toEqual(pairs.slice(1));
    expect((await validationPairs({ ...options, seed: 2 }))[0]!.degraded).not.toEqual(pairs[0]!.degraded);
    expect(pairs[0]!.degraded).not.toEqual(pairs[0]!.clean);
  });
});

describe('openPhotographs', () => {
  it('draws procedural photographs by their seed', async () => {
    const source = { procedural: { count: 2, size: 16, seed: 1 } };
    const { photographs, skipped } = await openPhotographs(source, { smallest: 8 });
    expect(photographs.map(({ name, width, height }) => [name, width, height])).toEqual([
      ['procedural-0', 16, 16],
      ['procedural-1', 16, 16],
    ]);
    expect(skipped).toEqual([]);
    expect(photographs[0]!.data).not.toEqual(photographs[1]!.data);
    expect((await openPhotographs(source, { smallest: 8 })).photographs).toEqual(photographs);
  });

  it('refuses a source that names nothing', async () => {
    await expect(openPhotographs({}, { smallest: 8 })).rejects.toThrow(
      expect.objectContaining({ name: 'PellucidError', code: 'data/no-source' }),
    );
  });
});
