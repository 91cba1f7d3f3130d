import {
  buildNetwork,
  diagnose,
  initialWeights,
  type Model,
  psnr,
  Random,
  type Raster,
  Restorer,
  resizeBicubic,
  trace,
} from '@pellucid/core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { join } from './bytes.ts';
import { startEngine } from './engine.ts';
import { decode } from './image/decode.ts';
import { encode } from './image/encode.ts';
import type { ImageFormat } from './image/header.ts';
import type { Picture } from './image/picture.ts';
import { sniff } from './image/sniff.ts';
import { TASKS } from './models.ts';
import type { Studio } from './restoration.ts';
import { jpegWithExif, NO_CACHE, picture, post, read, request, rgbProfile, served } from './testing.ts';

beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));

const FORMATS: ImageFormat[] = ['png', 'jpeg', 'webp'];

/** A restorer that turns each colour into its opposite, and hands out what it was given. */
function negative(): { studio: Studio; given: Raster[] } {
  const given: Raster[] = [];
  const restore = async (image: Raster): Promise<Raster> => {
    given.push({ ...image, data: image.data.slice() });
    const data = image.data.map((value, i) => (i % image.channels === 3 ? value : 255 - value)) as Uint8Array;
    return { ...image, data };
  };
  return { studio: served({ restore }), given };
}

describe('pixels', () => {
  test('strength mixes the restored image with the one that was sent', async () => {
    const image = picture(20, 10);
    const body = await encode(image, 'png');
    for (const strength of [0, 0.25, 0.5, 1]) {
      const { data } = await read(await post(body, `&strength=${strength}`, {}, negative().studio));
      const expected = image.data.map((v) => Math.floor(v + (255 - 2 * v) * strength + 0.5));
      expect([...data]).toEqual([...expected]);
    }
  });

  test('grey stays grey in the file, with and without alpha, at 8 and 16 bits', async () => {
    const tinted = served({
      restore: async (image) => ({
        ...image,
        data: image.data.map((v, i) => v + (i % image.channels)) as Uint8Array,
      }),
    });
    for (const channels of [3, 4] as const) {
      const data = new Uint8Array(12 * 10 * channels).map((_, i) => 50 + Math.floor(i / channels));
      for (const samples of [data, Uint16Array.from(data, (v) => v * 200)]) {
        const image: Picture = { width: 12, height: 10, channels, data: samples, grey: true };
        const file = await encode(image, 'png');
        expect(sniff(file)).toMatchObject({ grey: true, components: channels - 2 });
        expect(await decode(file, sniff(file))).toEqual(image);
        const restored = await read(await post(file, '', {}, tinted));
        expect(restored).toMatchObject({ grey: true, channels });
        for (let i = 0; i < samples.length; i += channels) {
          expect(restored.data[i]).toBe(samples[i]! + 1);
          if (channels === 4) expect(restored.data[i + 3]).toBe(samples[i + 3]! + 3);
        }
      }
    }
    const image = { ...picture(40, 30), grey: true };
    image.data = image.data.map((_, i, all) => all[i - (i % 3)]!) as Uint8Array;
    const jpeg = await encode(image, 'jpeg');
    expect(sniff(jpeg)).toMatchObject({ components: 1, grey: true });
    const again = await post(jpeg, '', {}, tinted);
    expect(sniff(await again.bytes()).components).toBe(1);
    const webp = await read(await post(jpeg, '&format=webp', {}, tinted));
    for (let i = 0; i < webp.data.length; i += 3) {
      const colours = webp.data.subarray(i, i + 3);
      // The format has no grey, and its arithmetic rounds each colour for itself.
      expect(Math.max(...colours) - Math.min(...colours)).toBeLessThan(2);
    }
  });

  test('hidden colours reach neither the network nor the answer', async () => {
    const image = picture(16, 16, 4);
    const secret = [250, 1, 250];
    for (let i = 0; i < 16 * 16; i++) {
      const hidden = i % 16 < 8;
      image.data[4 * i + 3] = hidden ? 0 : 255;
      if (hidden) image.data.set(secret, 4 * i);
      else image.data.set([90, 90, 90], 4 * i);
    }
    const { studio, given } = negative();
    const restored = await read(await post(await encode(image, 'png'), '', {}, studio));
    expect([...given[0]!.data].filter((_, i) => i % 4 < 3).every((v) => v === 90)).toBe(true);
    expect([...restored.data].filter((_, i) => i % 4 < 3).every((v) => v === 165)).toBe(true);
    expect([...restored.data].filter((_, i) => i % 4 === 3)).toEqual(
      [...image.data].filter((_, i) => i % 4 === 3),
    );
  });

  test('a profile and 16 bits come back; a JPEG keeps how it stores colour', async () => {
    const image = picture(30, 20);
    const fine = { ...image, data: Uint16Array.from(image.data, (v) => v * 257), profile: rgbProfile() };
    expect(await read(await post(await encode(fine, 'png')))).toEqual(fine);
    for (const subsampled of [true, false]) {
      const jpeg = await encode(image, 'jpeg', { quality: 90, subsampled });
      expect(sniff(jpeg).subsampled).toBe(subsampled);
      expect(sniff(await (await post(jpeg)).bytes()).subsampled).toBe(subsampled);
    }
  });

  test('every format and odd size into every format', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 37],
      [53, 1],
      [19, 31],
    ] as const) {
      for (const from of FORMATS) {
        const body = await encode(picture(width, height, 4), from);
        for (const to of FORMATS) {
          const response = await post(body, `&format=${to}`);
          expect(response.status, `${width}x${height} ${from} ${to}`).toBe(200);
          expect(response.headers.get('Content-Type')).toBe(`image/${to}`);
          expect(await read(response)).toMatchObject({ width, height });
        }
      }
    }
  });

  test('quality changes JPEG and WebP, and format goes before Accept', async () => {
    const body = await encode(picture(64, 64), 'png');
    for (const format of ['jpeg', 'webp'] as const) {
      const size = async (quality: number) => {
        const headers = { Accept: 'image/png' };
        return (await (await post(body, `&format=${format}&quality=${quality}`, { headers })).bytes()).length;
      };
      expect(await size(30)).toBeLessThan(await size(95));
    }
  });
});

describe('a network that enlarges', () => {
  const graph = trace((ops, x) => {
    const wide = ops.conv(x, { name: 'a', channels: 12, kernel: 3 });
    return ops.add(ops.depthToSpace(wide, 2, 'channel'), ops.resize(x, 'bilinear', 2));
  });
  const network = { kind: 'edge-unet' as const, widths: [8], encoder: [], decoder: [] };
  let studio: Studio;
  beforeAll(async () => {
    await startEngine();
    const weights = initialWeights(graph, new Random(3));
    const model: Model = { name: 'sr2-test', task: 'sr2', network: network as never, graph, weights };
    const restorer = new Restorer(model, { memory: 4 * 2 ** 20 });
    studio = { restorerFor: async () => restorer };
  });

  test('goes from file to file, larger, with its alpha', async () => {
    const image = picture(45, 31, 4);
    const doubled = resizeBicubic(image, 2);
    for (const format of FORMATS) {
      const response = await post(await encode(image, format), '', {}, studio);
      const restored = await read(response);
      expect(restored).toMatchObject({ width: 90, height: 62 });
      if (format !== 'png') continue;
      const alpha = (of: Raster) => [...of.data].filter((_, i) => i % 4 === 3);
      expect(alpha(restored)).toEqual(alpha(doubled));
      const none = await read(await post(await encode(image, format), '&strength=0', {}, studio));
      expect(psnr(none, doubled, { channel: 'RGB', crop: 0, round: true })).toBe(Number.POSITIVE_INFINITY);
    }
  });

  test('takes what the others take: any size, grey, 16 bits, alpha, and a share of the result', async () => {
    const graph = buildNetwork({ kind: 'edge-sr', scale: 4, width: 8, depth: 1 });
    const random = new Random(5);
    const weights = initialWeights(graph, random);
    // Untrained, it repeats pixels.
    for (const values of weights.values())
      for (const i of values.keys()) values[i] = values[i]! + 0.02 * random.normal();
    const model: Model = { name: 'sr4-test', task: 'sr', network: {} as never, graph, weights };
    const restorer = new Restorer(model, { memory: 2 ** 20 });
    const enlarging = { restorerFor: async () => restorer };
    for (const [width, height] of [
      [1, 1],
      [1, 37],
      [53, 1],
      [71, 43],
    ] as const) {
      for (const channels of [3, 4] as const) {
        const bytes = picture(width, height, channels).data.map(
          (v, i, all) => all[i - (i % channels)]! + (v >> 8),
        );
        const deep = Uint16Array.from(bytes, (v) => v * 257);
        for (const data of [bytes as Uint8Array, deep]) {
          const image: Picture = { width, height, channels, data, grey: true };
          const file = await encode(image, 'png');
          const of = async (strength: number) =>
            read(await post(file, `&strength=${strength}`, {}, enlarging));
          const [none, half, all] = [await of(0), await of(0.5), await of(1)];
          expect(all).toMatchObject({ width: 4 * width, height: 4 * height, channels, grey: true });
          expect(all.data.constructor).toBe(data.constructor);
          expect(none.data).toEqual(resizeBicubic(image, 4).data);
          expect(all.data).not.toEqual(none.data);
          // Each was rounded for itself, and grey is the mean of three.
          for (const [i, value] of half.data.entries())
            expect(Math.abs(value - (none.data[i]! + all.data[i]!) / 2)).toBeLessThanOrEqual(1);
        }
      }
    }
    expect(restorer.tiles(71, 43)).toBeGreaterThan(1);
    restorer.dispose();
  });

  test('is the one for uploads where the file is a JPEG that lost much, and so is the result', async () => {
    const asked: string[] = [];
    const counting: Studio = {
      async restorerFor(task) {
        asked.push(task);
        return studio.restorerFor(task);
      },
    };
    const send = async (file: BodyInit, task: string) => {
      const answer = await request(counting, `/v1/restore?task=${task}`, { method: 'POST', body: file });
      return answer.headers.get('X-Pellucid-Task');
    };
    const image = picture(45, 31);
    const [poor, good] = [
      await encode(image, 'jpeg', { quality: 60 }),
      await encode(image, 'jpeg', { quality: 98 }),
    ];
    expect(await send(poor, 'sr2')).toBe('sr2/upload');
    expect(await send(good, 'sr2')).toBe('sr2');
    expect(await send(await encode(image, 'png'), 'sr2')).toBe('sr2');
    expect(await send(good, 'sr2/upload')).toBe('sr2/upload');
    expect(await send(poor, 'denoise')).toBe('denoise');
    expect(asked).toEqual(['sr2/upload', 'sr2', 'sr2', 'sr2/upload', 'denoise']);
  });

  test('has limits of its own, which are told before anything is decoded', async () => {
    const env = { ...NO_CACHE, MAX_OUTPUT_PIXELS: 4000, MAX_SIDE: 100 };
    const send = async (width: number, height: number) => {
      const body = await encode(picture(width, height), 'png');
      return request(studio, '/v1/restore?task=denoise', { method: 'POST', body }, env);
    };
    expect((await send(50, 20)).status).toBe(200);
    for (const [width, height] of [
      [50, 21],
      [51, 1],
    ] as const) {
      const refused = await send(width, height);
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({
        detail: expect.stringMatching(/1000 pixels and 50 on a side/),
      });
    }
  });
});

test('work beyond what the network may cost is refused', async () => {
  const body = await encode(picture(20, 10), 'png');
  const costly = served({ macs: (width, height) => width * height * 1e9 });
  const refused = await post(body, '', {}, costly);
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('200 thousand million') });
  const env = { ...NO_CACHE, MAX_GIGAMACS: 200 };
  expect((await request(costly, '/v1/restore?task=denoise', { method: 'POST', body }, env)).status).toBe(200);
});

describe('auto', () => {
  const auto = (task: string | null): Studio => ({ ...negative().studio, detect: () => ({ task }) });
  const send = (studio: Studio, body: BodyInit, query = '') =>
    request(studio, `/v1/restore?task=auto${query}`, { method: 'POST', body });

  test('is offered with a detector alone', async () => {
    const body = await encode(picture(9, 9), 'png');
    expect((await send(negative().studio, body)).status).toBe(400);
    const ready = await request(auto(null), '/readyz');
    expect(await ready.json()).toMatchObject({ tasks: [...TASKS, 'auto'] });
  });

  test('does what the detector finds, and says so', async () => {
    const image = picture(9, 9);
    const response = await send(auto('denoise'), await encode(image, 'png'));
    expect(response.headers.get('X-Pellucid-Task')).toBe('denoise');
    expect((await read(response)).data).toEqual(image.data.map((v) => 255 - v));
    // What a file says of itself counts too.
    const jpeg = await encode(image, 'jpeg', { quality: 50 });
    const byTables = await send({ ...negative().studio, detect: diagnose }, jpeg);
    expect(byTables.headers.get('X-Pellucid-Task')).toBe('jpeg');
  });

  test('gives back the very bytes where there is nothing to mend, or no model for it, and nothing to drop', async () => {
    for (const format of FORMATS) {
      const body = await encode({ ...picture(30, 20), profile: rgbProfile() }, format);
      for (const task of [null, 'dehaze']) {
        const response = await send(auto(task), body);
        expect(response.headers.get('X-Pellucid-Task')).toBe('none');
        expect(response.headers.has('X-Pellucid-Model')).toBe(false);
        expect(await response.bytes()).toEqual(body);
      }
    }
  });

  test('encodes what there is where metadata must go or another format is asked for', async () => {
    const jpeg = await encode(picture(30, 20), 'jpeg');
    const turned = jpegWithExif(jpeg, 6);
    for (const body of [turned, jpegWithExif(jpeg, 1), join([jpeg, Uint8Array.of(1, 2, 3)])]) {
      const file = await (await send(auto(null), body)).bytes();
      expect(file).not.toEqual(body);
      expect(sniff(file)).toMatchObject({ orientation: 1, extras: false });
    }
    expect(sniff(await (await send(auto(null), turned)).bytes())).toMatchObject({ width: 20, height: 30 });
    expect(await read(await send(auto(null), jpeg, '&format=png'))).toEqual(await decode(jpeg, sniff(jpeg)));
  });
});
