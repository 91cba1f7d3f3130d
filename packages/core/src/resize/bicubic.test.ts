import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { photographs, readPicture } from '../../testing/images.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { resizeBicubic, resizePlane } from './bicubic.ts';

function ramp(width: number, height: number): Raster {
  const data = Float32Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 0.2 + 0.01 * x + 0.005 * y;
  });
  return { width, height, channels: 3, data };
}

describe('resizeBicubic', () => {
  it('takes the size up to the next pixel', () => {
    for (const [scale, width, height] of [
      [1 / 2, 9, 6],
      [1 / 3, 6, 4],
      [2, 34, 22],
      [1.3, 23, 15],
      [0.01, 1, 1],
    ] as const) {
      expect(resizeBicubic(ramp(17, 11), scale)).toMatchObject({ width, height });
    }
  });

  it("interpolates with Keys' weights, a = -0.5, and mirrors the border", () => {
    const { plane } = resizePlane(Float64Array.of(0, 0, 64, 0, 0), 5, 1, 2);
    // Offsets of 1/4 and 3/4 pixel from the impulse, then 5/4 and 7/4.
    const [near, far, beyond, last] = [0.8671875, 0.2265625, -0.0703125, -0.0234375].map(
      (weight) => 64 * weight,
    );
    expect([...plane.slice(0, 10)]).toEqual([0, last, beyond, far, near, near, far, beyond, last, 0]);
    const edge = resizePlane(Float64Array.of(64, 0, 0, 0), 4, 1, 2).plane;
    // The first pixel stands beyond the border too: at -1, 5/4 from the first centre, -3/4 + 1.
    expect(edge[0]).toBeCloseTo(near! + far!, 12);
    expect(edge[1]).toBeCloseTo(near! + beyond!, 12);
  });

  it('keeps a ramp, away from the border, up and down', () => {
    for (const scale of [2, 3, 1.37, 0.5, 0.31]) {
      const resized = resizeBicubic(ramp(60, 60), scale);
      const middle = Math.floor(resized.width / 2);
      const at = (middle * resized.width + middle) * 3;
      const centre = (middle + 0.5) / scale - 0.5;
      expect(resized.data[at]).toBeCloseTo(0.2 + 0.015 * centre, 4);
    }
  });

  it('removes what would alias', () => {
    const checks = Float64Array.from({ length: 64 * 64 }, (_, i) => ((i % 64) + Math.floor(i / 64)) % 2);
    const { plane, width } = resizePlane(checks, 64, 64, 0.25);
    for (let i = 0; i < plane.length; i++) {
      if (i % width > 1 && i % width < width - 2) expect(plane[i]).toBeCloseTo(0.5, 2);
    }
  });

  it('leaves an image as it is at scale 1, in each type and with alpha', () => {
    const random = new Random(1);
    for (const channels of [3, 4] as const) {
      const bytes = Uint8Array.from({ length: 13 * 7 * channels }, () => random.integer(256));
      for (const data of [
        bytes,
        Uint16Array.from(bytes, (value) => 257 * value),
        Float32Array.from(bytes, (value) => value / 128 - 0.5),
      ]) {
        const image: Raster = { width: 13, height: 7, channels, data };
        expect(resizeBicubic(image, 1)).toEqual(image);
      }
    }
  });

  it('clips and rounds integers, and lets floats overshoot', () => {
    const step = (data: Raster['data']): Raster => ({ width: 8, height: 1, channels: 3, data });
    const values = Array.from({ length: 24 }, (_, i) => (i < 12 ? 0 : 255));
    const bytes = resizeBicubic(step(Uint8Array.from(values)), 2);
    const floats = resizeBicubic(step(Float32Array.from(values, (value) => value / 255)), 2);
    expect(Math.min(...floats.data)).toBeLessThan(-0.02);
    expect(Math.max(...floats.data)).toBeGreaterThan(1.02);
    for (const [i, value] of bytes.data.entries()) {
      expect(value).toBe(Math.floor(255 * Math.min(1, Math.max(0, floats.data[i]!)) + 0.5));
    }
  });

  it('refuses a scale that is none', () => {
    for (const scale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => resizeBicubic(ramp(4, 4), scale)).toThrow(
        expect.objectContaining({ name: 'PellucidError', code: 'resize/scale' }),
      );
    }
  });
});

const [originals, inputs] = [photographs('Set5'), photographs('Set5_LR_bicubic')];
const present = existsSync(originals) && existsSync(inputs);

describe.skipIf(!present)(`against MATLAB's imresize${present ? '' : ` (skipped: no ${inputs})`}`, () => {
  const names = ['baby', 'bird', 'butterfly', 'head', 'woman'];
  it.each([2, 3, 4].flatMap((scale) => names.map((name) => [scale, name] as const)))(
    'makes every pixel of Set5 X%d, %s',
    async (scale, name) => {
      const expected = await readPicture(join(inputs, `X${scale}`, `${name}x${scale}.png`));
      const original = cropped(await readPicture(join(originals, `${name}.png`)), scale);
      const resized = resizeBicubic(original, 1 / scale);
      expect(resized).toMatchObject({ width: expected.width, height: expected.height });
      let differing = 0;
      for (const [i, value] of resized.data.entries()) if (value !== expected.data[i]) differing++;
      expect(differing).toBe(0);
    },
  );
});

/** Without the last rows and columns beyond a multiple of `scale`, as papers on super-resolution do. */
function cropped({ width, height, data }: Raster, scale: number): Raster {
  const [columns, rows] = [width - (width % scale), height - (height % scale)];
  const kept = new Uint8Array(columns * rows * 3);
  for (let y = 0; y < rows; y++) {
    kept.set(data.subarray(y * width * 3, (y * width + columns) * 3), y * columns * 3);
  }
  return { width: columns, height: rows, channels: 3, data: kept };
}
