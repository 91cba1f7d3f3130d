// @ts-expect-error the library's own declaration describes the functions inside, not the module
import libraryModule from '@jsquash/png/codec/pkg/squoosh_png_bg.wasm';
import decodeByLibrary, { init } from '@jsquash/png/decode.js';
import { Random, type Raster } from '@pellucid/core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type PngHeader, picture, pngFile, pngOf } from '../testing.ts';
import { decodePng } from './png-decode.ts';
import { encodePng } from './png-encode.ts';

const random = new Random(17);
const noise = (length: number) => Uint8Array.from({ length }, () => random.integer(256));

const COMPONENTS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Bytes of the filtered rows of an image, pass by pass; any bytes will do behind a filter byte of 0 to 4. */
function randomRows({ width, height, bitDepth, colourType, interlaced }: PngHeader): Uint8Array {
  const passes = interlaced
    ? [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
      ]
    : [[0, 0, 1, 1]];
  const rows: number[] = [];
  for (const [x0, y0, dx, dy] of passes as [number, number, number, number][]) {
    const columns = Math.ceil((width - x0) / dx);
    const count = Math.ceil((height - y0) / dy);
    for (let y = 0; columns > 0 && y < count; y++) {
      rows.push(random.integer(5), ...noise(Math.ceil((columns * COMPONENTS[colourType]! * bitDepth) / 8)));
    }
  }
  return Uint8Array.from(rows);
}

function asRgba({ width, height, channels, data }: Raster): number[] {
  const white = data instanceof Uint16Array ? 65535 : 255;
  return Array.from({ length: width * height }, (_, i) => [
    ...data.subarray(i * channels, i * channels + 3),
    channels === 4 ? data[i * channels + 3]! : white,
  ]).flat();
}

describe('decodePng', () => {
  beforeAll(() => init(libraryModule));

  test('agrees with libpng on every colour type, depth, filter, interlacing and transparency', async () => {
    const kinds: [number, number[]][] = [
      [0, [1, 2, 4, 8, 16]],
      [2, [8, 16]],
      [3, [1, 2, 4, 8]],
      [4, [8, 16]],
      [6, [8, 16]],
    ];
    for (const [colourType, depths] of kinds) {
      for (const bitDepth of depths) {
        for (const interlaced of [false, true]) {
          for (const transparent of [false, true]) {
            const header = {
              width: 1 + random.integer(19),
              height: 1 + random.integer(19),
              bitDepth,
              colourType,
              interlaced,
            };
            const extra: [string, Uint8Array][] = [];
            if (colourType === 3) extra.push(['PLTE', noise(3 << bitDepth)]);
            if (transparent && colourType < 4) extra.push(['tRNS', transparency(colourType, bitDepth)]);
            const file = await pngFile(header, randomRows(header), extra);
            const ours = await decodePng(file);
            const theirs =
              bitDepth === 16
                ? await decodeByLibrary(file.buffer, { bitDepth: 16 })
                : await decodeByLibrary(file.buffer);
            expect(asRgba(ours), JSON.stringify({ ...header, transparent })).toEqual([...theirs.data]);
          }
        }
      }
    }
  });

  test('reads back what encodePng writes, at 8 and 16 bits', async () => {
    for (const channels of [3, 4] as const) {
      for (const [width, height] of [
        [1, 1],
        [300, 200],
        [4096, 20],
        [3, 700],
      ] as const) {
        const image = picture(width, height, channels);
        expect(await decodePng(await encodePng(image))).toEqual(image);
        const fine = { ...image, data: Uint16Array.from(image.data, (value) => value * 251 + 7) };
        expect(await decodePng(await encodePng(fine))).toEqual(fine);
      }
    }
  });

  const header = { width: 10, height: 10, bitDepth: 8, colourType: 2 };
  const refuse = (file: Uint8Array) =>
    expect(decodePng(file)).rejects.toMatchObject({ code: 'image-corrupt' });

  test('refuses one row too few, one byte too many and a flipped bit', async () => {
    await decodePng(await pngFile(header, new Uint8Array(310)));
    await refuse(await pngFile(header, new Uint8Array(279)));
    await refuse(await pngFile(header, new Uint8Array(311)));
    const file = await pngFile(header, new Uint8Array(310));
    for (let at = 12; at < file.length - 12; at++) {
      const damaged = file.slice();
      damaged[at]! ^= 4;
      await refuse(damaged);
    }
  });

  test('refuses filters and palette entries that do not exist', async () => {
    const rows = new Uint8Array(310);
    rows[31] = 5;
    await refuse(await pngFile(header, rows));
    await refuse(
      await pngFile({ ...header, colourType: 3 }, new Uint8Array(110).fill(1, 1, 2), [['PLTE', noise(3)]]),
    );
    await refuse(await pngFile({ ...header, colourType: 3 }, new Uint8Array(110)));
  });

  test('stops inflating where the header says', async () => {
    const zeros = new Uint8Array(1 << 20);
    let left = 64;
    const megabytes = new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(zeros) : controller.close()),
    });
    const bomb = await new Response(megabytes.pipeThrough(new CompressionStream('deflate'))).bytes();
    expect(bomb.length).toBeGreaterThan(60_000);
    let inflated = 0;
    const Native = DecompressionStream;
    vi.stubGlobal(
      'DecompressionStream',
      class {
        readonly readable: ReadableStream<Uint8Array>;
        readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
        constructor(format: CompressionFormat) {
          const native = new Native(format);
          const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
            transform(chunk, controller) {
              inflated += chunk.length;
              controller.enqueue(chunk);
            },
          });
          count.readable.pipeTo(native.writable).catch(() => {});
          this.readable = native.readable;
          this.writable = count.writable;
        }
      },
    );
    await refuse(pngOf(header, bomb)).finally(() => vi.unstubAllGlobals());
    expect(inflated).toBeGreaterThan(0);
    expect(inflated).toBeLessThan(40_000);
  });
});

/** Transparency for a palette, or the one transparent colour, within the depth. */
function transparency(colourType: number, bitDepth: number): Uint8Array {
  if (colourType === 3) return noise(1 << (bitDepth - 1));
  const colour = new Uint8Array(2 * COMPONENTS[colourType]!);
  const view = new DataView(colour.buffer);
  for (let at = 0; at < colour.length; at += 2)
    view.setUint16(at, random.integer(2 ** Math.min(bitDepth, 2)));
  return colour;
}
