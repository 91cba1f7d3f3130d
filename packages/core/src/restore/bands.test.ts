import { beforeAll, expect, test } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import type { Model } from '../model/model.ts';
import { weightsOf } from '../network/cost.ts';
import { receptiveField } from '../network/receptive-field.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { drawWeights } from '../networks/initial-weights.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { inBands, type Restoring, restorersWorth } from './bands.ts';
import { Restorer } from './restorer.ts';

beforeAll(useWasm);

/** A model in which every layer shows in the output. */
function lively(network: NetworkConfig): Model {
  const graph = buildNetwork(network);
  const weights = weightsOf(graph).map((weight) => ({ ...weight, deviation: 0.1 }));
  return { name: 'test', task: 'test', network, graph, weights: drawWeights(weights, new Random(3)) };
}

const unet = lively({ kind: 'edge-unet', widths: [8, 8, 8], encoder: [1, 0, 1], decoder: [1, 0] });
const enlarging = lively({ kind: 'edge-sr', scale: 2, width: 8, depth: 2 });

function picture(width: number, height: number, channels: 3 | 4 = 3): Raster {
  const random = new Random(height);
  const data = Uint16Array.from({ length: width * height * channels }, () => 65535 * random.next());
  return { width, height, channels, data };
}

/** Hands that say which rows each of them was given. */
function hands(restorer: Restorer, count: number) {
  const heights: number[] = [];
  const hand: Restoring = {
    restore(band, options) {
      heights.push(band.height);
      return restorer.restore(band, options);
    },
  };
  return { heights, hands: Array.from({ length: count }, () => hand) };
}

test.each([
  ['restores', unet],
  ['enlarges', enlarging],
])('several make what one does, alpha and 16 bits included, where the network %s', async (_, model) => {
  const restorer = new Restorer(model);
  const { before, after } = receptiveField(model.graph);
  for (const [height, count] of [
    [501, 3],
    [640, 2],
    [997, 7],
  ] as const) {
    const photograph = picture(37, height, 4);
    const { heights, hands: several } = hands(restorer, count);
    const whole = await restorer.restore(photograph);
    const together = await inBands(model, several).restore(photograph);
    expect(heights.length).toBe(count);
    expect(Math.max(...heights)).toBeLessThan(
      height / count + before + after + 2 * model.graph.alignment + 1,
    );
    expect({ ...together, data: 0 }).toEqual({ ...whole, data: 0 });
    expect(together.data instanceof Uint16Array).toBe(true);
    const apart = Array.from(together.data, (value, i) => Math.abs(value - whole.data[i]!));
    expect(apart.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(1);
  }
  restorer.dispose();
});

test('one does alone what bands would not help, or not leave as it is', async () => {
  const restorer = new Restorer(unet);
  const { heights, hands: several } = hands(restorer, 4);
  await inBands(unet, several).restore(picture(16, 40));
  await inBands({ graph: unet.graph, before: 'deconvolution' }, several).restore(picture(16, 800));
  const attending = buildNetwork({ kind: 'nafnet', width: 8, encoder: [1], middle: 1, decoder: [1] });
  await inBands({ graph: attending }, several).restore(picture(16, 800));
  expect(heights).toEqual([40, 800, 800]);
  restorer.dispose();
});

test('progress counts the tiles of all, and a stop or a failure ends all', async () => {
  const restorer = new Restorer(unet, { memory: 2 ** 20 });
  const { hands: several } = hands(restorer, 3);
  const told: string[] = [];
  const photograph = picture(64, 1200);
  await inBands(unet, several).restore(photograph, {
    onProgress: (done, total) => told.push(`${done}/${total}`),
  });
  expect(told).toEqual(told.map((_, i) => `${i + 1}/${told.length}`));
  expect(told.length).toBeGreaterThan(3);

  const stop = new AbortController();
  const stopped = inBands(unet, several).restore(photograph, {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });

  let heard: unknown;
  const failing: Restoring = { restore: () => Promise.reject(new Error('broken')) };
  const working: Restoring = {
    restore: (_, { signal } = {}) =>
      new Promise((_, reject) => {
        signal!.addEventListener('abort', () => {
          heard = signal!.reason;
          reject(signal!.reason);
        });
      }),
  };
  await expect(inBands(unet, [working, failing, working]).restore(photograph)).rejects.toThrow('broken');
  expect(heard).toMatchObject({ message: 'broken' });
  restorer.dispose();
});

test('a photograph is worth a restorer for each two megapixels, and one however small', () => {
  const worth = (width: number, height: number) => restorersWorth({ width, height });
  expect([worth(16, 16), worth(1999, 2000), worth(2000, 2000), worth(6000, 4000)]).toEqual([1, 1, 2, 12]);
});
