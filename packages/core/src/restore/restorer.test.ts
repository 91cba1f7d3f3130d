import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { deconvolve } from '../deconvolution/deconvolve.ts';
import { motionBlur } from '../degradations/motion-blur.ts';
import type { Model } from '../model/model.ts';
import { macsPerPixel, peakMemory, weightsOf } from '../network/cost.ts';
import { receptiveField } from '../network/receptive-field.ts';
import { streams, stripMemory } from '../network/strips.ts';
import { type Feature, type Ops, trace } from '../network/trace.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { Restorer } from './restorer.ts';
import { planTiles } from './tiles.ts';

const network: NetworkConfig = { kind: 'edge-unet', widths: [8, 8, 8], encoder: [1, 0, 1], decoder: [1, 0] };
const graph = buildNetwork(network);

/** A network in which every layer shows in the output, so that a wrong halo cannot hide. */
function livelyModel(of = graph): Model {
  const random = new Random(11);
  const weights = new Map(
    weightsOf(of).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const deviation = 1.4 / Math.sqrt(size / (shape.at(-1) ?? 1));
      return [name, Float32Array.from({ length: size }, () => deviation * random.normal())];
    }),
  );
  return { name: 'test', task: 'denoise', network, graph: of, weights };
}

function photograph(width: number, height: number, channels: 3 | 4 = 3): Raster {
  const random = new Random(width * 1000 + height);
  const data = Float32Array.from({ length: width * height * channels }, () => 0.25 + 0.5 * random.next());
  return { width, height, channels, data };
}

const largest = (a: Raster, b: Raster) =>
  Array.from(a.data, (value, i) => Math.abs(value - b.data[i]!)).reduce((x, y) => Math.max(x, y));

// A tile that holds any photograph of these tests, and a small one.
const whole = { memory: 2 ** 30 };
const tiled = { memory: peakMemory(graph, 128, 128) };

beforeAll(useWasm);

describe('planTiles', () => {
  const still = trace((ops, x) => {
    const y = ops.conv(ops.spaceToDepth(x, 8), { name: 'a', channels: 192, kernel: 5 });
    return ops.resize(ops.depthToSpace(y, 8), 'nearest', 1);
  });

  it.each([
    ['that streams', graph],
    ['that does not', still],
  ])(
    'keeps every position once, in windows of one size that see far enough and fit the memory: a network %s',
    (name, graph) => {
      expect(streams(graph)).toBe(name === 'that streams');
      const { before, after } = receptiveField(graph);
      const smallest = peakMemory(graph, 96, 96);
      const arbitrary = fc.record({
        width: fc.integer({ min: 1, max: 2000 }),
        height: fc.integer({ min: 1, max: 2000 }),
        memory: fc.integer({ min: smallest, max: 40 * smallest }),
      });
      fc.assert(
        fc.property(arbitrary, ({ width, height, memory }) => {
          const { rows, columns, strip } = planTiles(graph, width, height, memory);
          const high = rows[0]!.length;
          if (!streams(graph)) {
            expect(strip).toBe(high);
            expect(peakMemory(graph, high, columns[0]!.length)).toBeLessThanOrEqual(memory);
          } else {
            expect(rows.length).toBe(1);
            expect(strip % 8).toBe(0);
            expect(columns[0]!.length * stripMemory(graph, high, strip)).toBeLessThanOrEqual(memory);
          }
          for (const [cuts, pixels] of [
            [rows, height],
            [columns, width],
          ] as const) {
            const length = Math.ceil(pixels / 8) * 8;
            let next = 0;
            for (const cut of cuts) {
              expect(cut.length).toBe(cuts[0]!.length);
              expect(cut.keepFrom).toBe(next);
              next += cut.keepLength;
              const end = cut.from + cut.length;
              expect(cut.keepLength).toBeGreaterThan(0);
              expect(cut.from % 8).toBe(0);
              expect(cut.from === 0 || cut.keepFrom - cut.from >= before).toBe(true);
              expect(end === length || end - next >= after).toBe(true);
              expect(cut.from >= 0 && end <= length).toBe(true);
            }
            expect(next).toBe(length);
          }
        }),
      );
    },
  );

  it('gives a photograph that fits one tile of its own shape, and another no more work than it must', () => {
    const one = planTiles(still, 800, 100, peakMemory(still, 104, 800));
    expect([one.rows.length, one.columns.length]).toEqual([1, 1]);
    const { rows, columns } = planTiles(still, 800, 100, peakMemory(still, 104, 416));
    // Cutting along the short side would cost a halo along the long one.
    expect([rows.length, rows[0]!.length, columns.length]).toEqual([1, 104, 2]);
  });

  it('takes strips as wide as the photograph, alike in height, and narrower ones before very thin ones', () => {
    const wide = planTiles(graph, 800, 1000, 800 * stripMemory(graph, 1000, 288));
    expect([wide.columns.length, wide.strip]).toEqual([1, 256]);
    const narrow = planTiles(graph, 800, 1000, 500 * stripMemory(graph, 1000, 8));
    expect([narrow.columns.length, narrow.strip]).toEqual([3, 24]);
  });
});

describe('Restorer', () => {
  it('gives the same photograph in tiles as in one piece, at any size', async () => {
    const model = livelyModel();
    const once = new Restorer(model, whole);
    const inTiles = new Restorer(model, tiled);
    const random = new Random(21);
    for (const [width, height] of [
      [97, 213],
      [200, 50],
      [1, 1],
      [3, 150],
      ...Array.from({ length: 6 }, () => [1 + random.integer(260), 1 + random.integer(260)]),
    ] as [number, number][]) {
      const image = photograph(width, height);
      const a = await once.restore(image);
      const b = await inTiles.restore(image);
      expect(once.tiles(width, height)).toBe(1);
      if (width * height > 128 * 128) expect(inTiles.tiles(width, height)).toBeGreaterThan(1);
      expect(largest(a, b), `${width} x ${height}`).toBeLessThan(1e-5);
      expect(largest(a, image)).toBeGreaterThan(0.01);
    }
    once.dispose();
    inTiles.dispose();
  });

  it('keeps the array type, carries alpha over and leaves the input alone', async () => {
    const restorer = new Restorer(livelyModel(), whole);
    const bytes = Uint8Array.from(photograph(20, 10, 4).data, (value) => value * 255);
    const image: Raster = { width: 20, height: 10, channels: 4, data: bytes };
    const before = bytes.slice();
    const restored = await restorer.restore(image);
    expect(bytes).toEqual(before);
    expect(restored.data).toBeInstanceOf(Uint8Array);
    const alpha = (data: Raster['data']) => Array.from(data).filter((_, i) => i % 4 === 3);
    expect(alpha(restored.data)).toEqual(alpha(before));
    const words = Uint16Array.from(bytes, (value) => value * 257);
    const fine = await restorer.restore({ ...image, data: words });
    for (const [i, value] of fine.data.entries())
      expect(Math.abs(value / 257 - restored.data[i]!)).toBeLessThanOrEqual(0.51);
    restorer.dispose();
  });

  it('reports progress, stops when aborted, and never leaves a tensor behind', async () => {
    const before = tf.memory().numTensors;
    const restorer = new Restorer(livelyModel(), tiled);
    const atRest = tf.memory().numTensors;
    const image = photograph(150, 150);
    const seen: number[] = [];
    await restorer.restore(image, { onProgress: (done, total) => seen.push(done / total) });
    expect(seen.length).toBe(restorer.tiles(150, 150));
    expect(seen.at(-1)).toBe(1);
    expect(tf.memory().numTensors).toBe(atRest);

    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(restorer.restore(image, { signal: controller.signal, onProgress })).rejects.toThrow(
      'enough',
    );
    expect(tf.memory().numTensors).toBe(atRest);

    await expect(restorer.restore({ ...image, width: 149 })).rejects.toMatchObject({
      code: 'restore/bad-raster',
    });
    expect(tf.memory().numTensors).toBe(atRest);
    restorer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('pauses within a large tile, and stops there when aborted', async () => {
    const restorer = new Restorer(livelyModel(), whole);
    const atRest = tf.memory().numTensors;
    const image = photograph(1000, 1000);
    expect(restorer.tiles(1000, 1000)).toBe(1);
    expect(restorer.macs(1000, 1000)).toBe(1000 * 1000 * macsPerPixel(graph));
    expect(restorer.macs(1000, 1000)).toBeGreaterThan(1e9);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')));
    let tiles = 0;
    const onProgress = () => void tiles++;
    await expect(restorer.restore(image, { signal: controller.signal, onProgress })).rejects.toThrow(
      'enough',
    );
    expect(tiles).toBe(0);
    expect(tf.memory().numTensors).toBe(atRest);
    restorer.dispose();
  });

  it('pauses more often while others want to be heard', async () => {
    const restorer = new Restorer(livelyModel(), whole);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const pauses = async (crowded: boolean) => {
      timers.mockClear();
      await restorer.restore(photograph(1000, 1000), { crowded: () => crowded });
      return timers.mock.calls.length;
    };
    const [alone, crowded] = [await pauses(false), await pauses(true)];
    timers.mockRestore();
    expect(alone).toBeGreaterThan(0);
    expect(crowded).toBeGreaterThanOrEqual(3 * alone);
    restorer.dispose();
  });

  it('deconvolves for a model that wants it, shows that the photograph too, and hears an abort meanwhile', async () => {
    const blur = motionBlur({ travel: 12, shake: 0.2, sigma: 0 });
    const { width, height, data } = photograph(160, 128);
    const coarse = Float32Array.from(data, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return ((x >> 4) + (y >> 4)) % 2 === 0 ? 0.2 : 0.8;
    });
    const blurred = blur.apply(coarse, width, height, new Random(1)) as Float32Array;
    const image: Raster = { width, height, channels: 3, data: blurred };
    // Gives the mean of the two that it sees.
    const graph = trace((ops, seen) => {
      const half = ops.scale(ops.slice(seen, 3, 3), { factor: 0.5 });
      return ops.add(ops.scale(ops.slice(seen, 0, 3), { factor: 0.5 }), half);
    }, 6);
    const restorer = new Restorer({ ...livelyModel(graph), before: 'deconvolution' }, whole);
    const seen = await deconvolve(image);
    expect(seen === image).toBe(false);
    const between = image.data.map((value, i) => 0.5 * seen.data[i]! + 0.5 * value);
    expect(largest(await restorer.restore(image), { ...image, data: between })).toBeLessThan(1e-6);

    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')));
    let tiles = 0;
    const options = { signal: controller.signal, onProgress: () => void tiles++ };
    await expect(restorer.restore(image, options)).rejects.toThrow('enough');
    expect(tiles).toBe(0);
    restorer.dispose();

    const blind = { ...livelyModel(), before: 'deconvolution' } as const;
    expect(() => new Restorer(blind)).toThrow(/its network sees 1 images side by side, not 2/);
  });

  it('leaves no tensor behind when the network fails', async () => {
    const restorer = new Restorer(livelyModel(), whole);
    restorer.dispose();
    const atRest = tf.memory().numTensors;
    await expect(restorer.restore(photograph(16, 16))).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(atRest);
  });

  it('refuses a memory budget in which no tile fits', async () => {
    const restorer = new Restorer(livelyModel(), { memory: 1000 });
    await expect(restorer.restore(photograph(300, 300))).rejects.toMatchObject({
      code: 'restore/memory-too-small',
    });
    restorer.dispose();
  });
});

describe('a network that enlarges', () => {
  // Every way of looking beyond a pixel that super-resolution networks have.
  const enlarging = trace((ops, x) => {
    const head = ops.conv(x, { name: 'head', channels: 12, kernel: 3 });
    const qkv = ops.conv(ops.cyclicShift(head, 2), { name: 'qkv', channels: 36, kernel: 1 });
    const attention = { name: 'attention', window: 4, heads: 2, shift: 2 };
    const mixed = ops.cyclicShift(ops.windowAttention(qkv, attention), -2);
    const tail = ops.conv(ops.add(head, mixed), { name: 'tail', channels: 12, kernel: 3 });
    return ops.add(ops.depthToSpace(tail, 2, 'channel'), ops.resize(x, 'bilinear', 2));
  });

  const student = buildNetwork({ kind: 'edge-sr', scale: 2, width: 8, depth: 2 });
  it.each([
    ['any', enlarging],
    ['the edge student', student],
  ])('gives the same enlarged photograph in tiles as in one piece: %s', async (_, graph) => {
    const model = livelyModel(graph);
    const once = new Restorer(model, whole);
    const inTiles = new Restorer(model, { memory: peakMemory(graph, 32, 32) });
    for (const [width, height] of [
      [61, 40],
      [33, 75],
      [1, 1],
    ] as const) {
      const image = photograph(width, height);
      const a = await once.restore(image);
      const b = await inTiles.restore(image);
      expect([a.width, a.height]).toEqual([2 * width, 2 * height]);
      if (width > 1) expect(inTiles.tiles(width, height)).toBeGreaterThan(1);
      expect(largest(a, b)).toBeLessThan(1e-5);
    }
    once.dispose();
    inTiles.dispose();
  });

  it('enlarges alpha beside the colours', async () => {
    const restorer = new Restorer(livelyModel(enlarging), whole);
    const data = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => (i % 4 === 3 ? 200 : 90));
    const {
      width,
      height,
      data: enlarged,
    } = await restorer.restore({
      width: 8,
      height: 8,
      channels: 4,
      data,
    });
    expect([width, height, enlarged.length]).toEqual([16, 16, 16 * 16 * 4]);
    expect(Array.from(enlarged).every((value, i) => i % 4 !== 3 || value === 200)).toBe(true);
    restorer.dispose();
  });
});

describe('a network that looks at the whole photograph', () => {
  const attend = (ops: Ops, x: Feature) => {
    const y = ops.conv(x, { name: 'a', channels: 8, kernel: 3 });
    const attention = ops.activation(ops.globalPool(y, 'mean'), 'sigmoid');
    return ops.add(x, ops.conv(ops.multiply(y, attention), { name: 'b', channels: 3, kernel: 3 }));
  };
  const pooling = trace(attend);
  const small = peakMemory(pooling, 64, 64);

  it('is refused a photograph that does not fit in one tile', async () => {
    const restorer = new Restorer(livelyModel(pooling), { memory: small });
    await expect(restorer.restore(photograph(60, 60))).resolves.toBeDefined();
    await expect(restorer.restore(photograph(150, 150))).rejects.toMatchObject({
      code: 'restore/needs-whole-photograph',
    });
    restorer.dispose();
  });

  it('may take its statistics from each tile, which is close on a photograph that is alike all over', async () => {
    const once = new Restorer(livelyModel(pooling), whole);
    const inTiles = new Restorer(livelyModel(pooling), { memory: small, statistics: 'tile' });
    const image = photograph(150, 150);
    const a = await once.restore(image);
    const b = await inTiles.restore(image);
    expect(inTiles.tiles(150, 150)).toBeGreaterThan(1);
    expect(largest(a, b)).toBeGreaterThan(0);
    expect(largest(a, b)).toBeLessThan(0.02);
    once.dispose();
    inTiles.dispose();
  });
});

it('refuses a model that merges images of others, which it names', () => {
  const model = { ...livelyModel(buildNetwork({ kind: 'blend', images: 2 })), merges: ['imdn', 'pan'] };
  expect(() => new Restorer(model)).toThrow(
    expect.objectContaining({
      code: 'restore/several-images',
      message: expect.stringContaining('imdn, pan'),
    }),
  );
});

it('tells a network the noise level that it asks for', async () => {
  const told = trace((ops, x) =>
    ops.add(x, ops.concat(ops.noiseLevel(x), ops.noiseLevel(x), ops.noiseLevel(x))),
  );
  const restorer = new Restorer(livelyModel(told), whole);
  const image = photograph(8, 8);
  const brighter = await restorer.restore(image, { noiseLevel: 25.5 });
  expect(brighter.data[0]! - image.data[0]!).toBeCloseTo(0.1, 5);
  await expect(restorer.restore(image)).rejects.toMatchObject({ code: 'network/needs-noise-level' });
  restorer.dispose();
});
