import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { psnr } from '@pellucid/core';
import sharp, { type Sharp } from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPhotographs, withReduced } from './photographs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const smallest = 8;
const error = (code: string, part: string) =>
  expect.objectContaining({ name: 'PellucidError', code, message: expect.stringContaining(part) });

function plain(width = 16, height = 12, background = '#c86432') {
  return sharp({ create: { width, height, channels: 3, background } });
}

async function put(name: string, image: Sharp): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await image.toFile(file);
  return file;
}

const names = async (exclude: string[] = []) =>
  (await loadPhotographs(folder, { smallest, exclude })).photographs.map(({ name }) => name);

describe('loadPhotographs', () => {
  it('reads JPEG, PNG, WebP and TIFF from nested folders in the order of their names', async () => {
    for (const name of ['b.png', 'a.jpg', 'deep/er/d.webp', 'deep/C.TIFF', 'e.jpeg', 'f.tif']) {
      await put(name, plain());
    }
    await writeFile(path.join(folder, 'README.md'), 'no photograph');
    const { photographs, skipped } = await loadPhotographs(folder, { smallest });
    expect(photographs.map(({ name }) => name)).toEqual([
      'a.jpg',
      'b.png',
      'deep/C.TIFF',
      'deep/er/d.webp',
      'e.jpeg',
      'f.tif',
    ]);
    expect(skipped).toEqual([]);
    for (const { width, height, channels, data } of photographs) {
      expect([width, height, channels, data.length]).toEqual([16, 12, 3, 16 * 12 * 3]);
      expect(
        Math.max(Math.abs(data[0]! - 200), Math.abs(data[1]! - 100), Math.abs(data[2]! - 50)),
      ).toBeLessThan(5);
    }
  });

  it('turns upright, widens grey, lays transparency on white and reduces 16 bits', async () => {
    await put('1-turned.jpg', plain(20, 10).withMetadata({ orientation: 6 }));
    const levels = Buffer.alloc(100, 77);
    await put('2-grey.png', sharp(levels, { raw: { width: 10, height: 10, channels: 1 } }));
    const clear = {
      create: { width: 10, height: 10, channels: 4 as const, background: { r: 0, g: 0, b: 0, alpha: 0.5 } },
    };
    await put('3-clear.png', sharp(clear));
    const deep = Uint16Array.from({ length: 300 }, (_, i) => [0, 0x8080, 0xffff][i % 3]!);
    const words = sharp(deep, { raw: { width: 10, height: 10, channels: 3 } });
    await put('4-deep.png', words.toColourspace('rgb16'));
    expect((await sharp(path.join(folder, '4-deep.png')).metadata()).depth).toBe('ushort');
    const greyAlpha = sharp(Buffer.alloc(200, 255).fill(77, 0, 1), {
      raw: { width: 10, height: 10, channels: 2 },
    });
    await put('5-grey-alpha.png', greyAlpha.toColourspace('b-w'));
    const { photographs } = await loadPhotographs(folder, { smallest });
    const [turned, grey, transparent, reduced, last] = photographs;
    expect([turned!.width, turned!.height]).toEqual([10, 20]);
    expect(grey!.data.every((value) => value === 77)).toBe(true);
    expect(grey!.data.length).toBe(300);
    expect(transparent!.data.every((value) => Math.abs(value - 127) < 2)).toBe(true);
    expect([...reduced!.data.subarray(0, 3)]).toEqual([0, 128, 255]);
    expect(last!.data.length).toBe(300);
  });

  it('skips and reports what is cut short, empty, no image, too small or a broken link', async () => {
    const whole = await readFile(await put('sound.jpg', plain(64, 64, '#123456')));
    await writeFile(path.join(folder, 'cut.jpg'), whole.subarray(0, whole.length - 100));
    await writeFile(path.join(folder, 'empty.png'), '');
    await writeFile(path.join(folder, 'text.webp'), 'not an image');
    await put('small.png', plain(16, 7));
    await symlink(path.join(folder, 'gone.png'), path.join(folder, 'broken.png'));
    const { photographs, skipped } = await loadPhotographs(folder, { smallest });
    expect(photographs.map(({ name }) => name)).toEqual(['sound.jpg']);
    expect(skipped.map(({ name }) => name)).toEqual([
      'broken.png',
      'cut.jpg',
      'empty.png',
      'small.png',
      'text.webp',
    ]);
    expect(skipped[3]!.reason).toBe('16x7 is smaller than 8x8');
    for (const { reason } of skipped) expect(reason).not.toBe('');
  });

  it('follows links to folders and is not caught in a loop', async () => {
    await put('photos/a.png', plain());
    await put('elsewhere/b.png', plain());
    await symlink(path.join(folder, 'elsewhere'), path.join(folder, 'photos', 'link'));
    await symlink(path.join(folder, 'photos'), path.join(folder, 'photos', 'loop'));
    await symlink(path.join(folder, 'elsewhere'), path.join(folder, 'elsewhere', 'self'));
    const { photographs } = await loadPhotographs(path.join(folder, 'photos'), { smallest });
    expect(photographs.map(({ name }) => name)).toEqual(['a.png', 'link/b.png']);
  });

  it('leaves out what the patterns name', async () => {
    for (const name of ['100.png', '1000.png', 'test/a.png', 'train/b.png', 'train/b.draft.png', 'c+d.png']) {
      await put(name, plain());
    }
    expect(await names(['100'])).toEqual([
      '1000.png',
      'c+d.png',
      'test/a.png',
      'train/b.draft.png',
      'train/b.png',
    ]);
    expect(await names(['100*', 'test', 'c+d.png'])).toEqual(['train/b.draft.png', 'train/b.png']);
    expect(await names(['train/*', '100?.png'])).toEqual(['100.png', '1000.png', 'c+d.png', 'test/a.png']);
    expect(await names(['*.draft.png', 'test/'])).toEqual(['100.png', '1000.png', 'c+d.png', 'train/b.png']);
    await expect(names(['*'])).rejects.toThrow(error('data/no-photographs', folder));
  });

  it('says which folder is missing or empty, and what may be put there', async () => {
    const missing = path.join(folder, 'missing');
    await expect(loadPhotographs(missing, { smallest })).rejects.toThrow(error('data/no-folder', missing));
    const file = await put('file.png', plain());
    await expect(loadPhotographs(file, { smallest })).rejects.toThrow(error('data/no-folder', file));
    await rm(file);
    await expect(loadPhotographs(folder, { smallest })).rejects.toThrow(error('data/no-photographs', folder));
    await expect(loadPhotographs(folder, { smallest })).rejects.toThrow(
      error('data/no-photographs', '.webp'),
    );
    await writeFile(path.join(folder, 'text.png'), 'not an image');
    await expect(loadPhotographs(folder, { smallest })).rejects.toThrow(
      error('data/no-photographs', 'text.png'),
    );
  });

  it('refuses more than the budget of memory', async () => {
    await put('a.png', plain());
    await put('b.png', plain());
    const bytes = 16 * 12 * 3;
    expect((await loadPhotographs(folder, { smallest, budget: 2 * bytes })).photographs).toHaveLength(2);
    const over = loadPhotographs(folder, { smallest, budget: 2 * bytes - 1 });
    await expect(over).rejects.toThrow(error('data/too-large', folder));
  });
});

const rain = path.join(process.env.PELLUCID_DATA ?? '../shared/data', 'Rain100L');
const present = existsSync(rain);

describe('withReduced', () => {
  it('adds smaller copies that a patch can still be cut from', () => {
    const data = Uint8Array.from({ length: 20 * 16 * 3 }, (_, i) => (i % 3 === 0 ? 200 : 50));
    const photograph = { name: 'a.png', width: 20, height: 16, channels: 3, data } as const;
    const [whole, half, ...more] = withReduced([photograph], [0.5, 0.4], 8);
    expect(whole).toBe(photograph);
    expect(half).toMatchObject({ name: 'a.png', width: 10, height: 8 });
    expect([...half!.data.subarray(0, 6)]).toEqual([200, 50, 50, 200, 50, 50]);
    expect(more).toEqual([]);
  });
});

describe.skipIf(!present)(`Rain100L${present ? '' : ` (skipped: no ${rain})`}`, () => {
  it('has the published PSNR of its rainy pictures, 26.90 dB on luma', async () => {
    const load = async (part: string) =>
      (await loadPhotographs(path.join(rain, part), { smallest })).photographs;
    const rainy = await load('rainy');
    const clean = await load('norain');
    const values = rainy.map((photograph, i) =>
      psnr(photograph, clean[i]!, { channel: 'Y', crop: 0, round: true }),
    );
    expect(values).toHaveLength(100);
    expect(values.reduce((sum, value) => sum + value) / 100).toBeCloseTo(26.9, 2);
  }, 60_000);
});
