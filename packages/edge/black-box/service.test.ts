import { connect } from 'node:net';
import { psnr, type Raster } from '@pellucid/core';
import sharp from 'sharp';
import { describe, expect, inject, test } from 'vitest';
import { picture, pipe } from './files.ts';
import { bombard } from './hostile/bombard.ts';
import { seeds } from './hostile/seeds.ts';
import { overload } from './load.ts';
import { Service } from './service.ts';

const service = new Service(inject('address'), inject('workerd'));
const RGB = { channel: 'RGB', crop: 0, round: true } as const;

function file(image: Raster, format: 'png' | 'jpeg' | 'webp'): Promise<Buffer<ArrayBuffer>> {
  return pipe(image).toFormat(format, { quality: 95 }).toBuffer() as Promise<Buffer<ArrayBuffer>>;
}

async function read(response: Response): Promise<Raster> {
  const { data, info } = await sharp(await response.bytes())
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    channels: info.channels as 3 | 4,
    data: new Uint8Array(data),
  };
}

describe('restores', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('%s, in the format that came', async (format) => {
    const image = picture(150, 100);
    const response = await service.restore(await file(image, format));
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe(`image/${format}`);
    expect(response.headers.get('X-Pellucid-Model')).toBe('denoise-small');
    const restored = await read(response);
    expect(restored).toMatchObject({ width: 150, height: 100 });
    expect(psnr(restored, image, RGB)).toBeGreaterThan(25);
  });

  test('what a browser would post from a form, and gives the same bytes each time', async () => {
    const body = await file(picture(64, 48), 'png');
    const form = new FormData();
    form.set('file', new Blob([body]), 'photograph.png');
    const answers = await Promise.all(
      [form, body, body].map(async (each) => (await service.restore(each)).bytes()),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  test('a megapixel, in tiles', async () => {
    const response = await service.restore(await file(picture(1024, 1024), 'jpeg'));
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('X-Pellucid-Tiles'))).toBeGreaterThan(1);
    expect(await sharp(await response.bytes()).metadata()).toMatchObject({ width: 1024, height: 1024 });
  });
});

test('serves the page beside the addresses of the API', async () => {
  for (const [path, status, type] of [
    ['/', 200, 'text/html; charset=utf-8'],
    ['/style.css', 200, 'text/css; charset=utf-8'],
    ['/built/page.js', 200, 'text/javascript; charset=utf-8'],
    ['/healthz', 200, 'application/json'],
    ['/nothing', 404, 'application/problem+json'],
  ] as const) {
    const response = await fetch(service.address + path);
    await response.bytes();
    expect([path, response.status, response.headers.get('Content-Type')]).toEqual([path, status, type]);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(response.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'/);
  }
});

test('keeps no place for a client that hangs up in the middle of its body', async () => {
  const { hostname, port } = new URL(service.address);
  const body = await file(picture(64, 48), 'png');
  for (let i = 0; i < 12; i++) {
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(
      `POST /v1/restore?task=denoise HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(0, 100));
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
  }
  await expect.poll(async () => (await service.restore(body)).status, { timeout: 10_000 }).toBe(200);
});

test('answers a thousand hostile bodies with typed refusals, and then a good one', async () => {
  const seed = process.env.PELLUCID_SEED ?? `${Date.now()}`;
  const { statuses, faults, resident } = await bombard(service, 1000, seed);
  expect(faults, `with PELLUCID_SEED=${seed}`).toEqual([]);
  expect(statuses[422]).toBeGreaterThan(300);
  expect(statuses[200]).toBeGreaterThan(50);
  // A leak of a decoder is a megabyte an image, so 500 of them; what remains are the heap's own tides, 40 to 111 MB.
  const grown = (resident.at(-1) ?? 0) - (resident[resident.length >> 1] ?? 0);
  expect(grown, `with PELLUCID_SEED=${seed}`).toBeLessThan(200e6);
  expect((await service.restore((await seeds())[0]!.bytes)).status).toBe(200);
}, 240_000);

test('does what it can of four times too much, and sends the rest away', async () => {
  const load = await overload(service, await file(picture(128, 128), 'png'), 10);
  expect(load.wrong).toEqual([]);
  expect(load.accepted).toBeGreaterThan(0);
  expect(load.refused).toBeGreaterThan(0);
  expect((await service.restore(await file(picture(64, 48), 'png'))).status).toBe(200);
}, 120_000);
