import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { photographs, readPicture } from '../../testing/images.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { choleskySolve } from './cholesky.ts';
import { featureModel } from './feature-model.ts';
import { blockFeatures, naturalnessDistance } from './naturalness.ts';
import { qualityScore } from './quality-score.ts';

function noise(width: number, height: number, sigma: number): Raster {
  const random = new Random(2);
  const data = Uint8Array.from({ length: width * height * 3 }, () => 128 + sigma * random.normal());
  return { width, height, channels: 3, data };
}

const identity = Array.from({ length: 36 }, (_, i) =>
  Array.from({ length: 36 }, (_, j) => (i === j ? 1 : 0)),
);

describe('choleskySolve', () => {
  it('solves', () => {
    const matrix = [
      [4, 2, 0.6],
      [2, 5, -1],
      [0.6, -1, 3],
    ];
    const solution = choleskySolve(matrix, [1, -2, 3]);
    for (const [i, row] of matrix.entries()) {
      expect(row.reduce((sum, value, k) => sum + value * solution[k]!, 0)).toBeCloseTo([1, -2, 3][i]!, 12);
    }
  });

  it('refuses what is not positive definite', () => {
    expect(() => choleskySolve([[1], [2, 4]], [1, 1])).toThrow(RangeError);
  });
});

describe('naturalnessDistance', () => {
  it('takes blocks of 96x96 and leaves out flat ones', () => {
    const image = noise(210, 100, 20);
    expect(blockFeatures(image)).toHaveLength(2);
    for (let i = 0; i < image.data.length; i++) if (Math.floor(i / 3) % 210 < 110) image.data[i] = 77;
    expect(blockFeatures(image)).toHaveLength(1);
  });

  it('is 0 to its own statistics, and the distance of means in the mean covariance to others', () => {
    const block = noise(96, 96, 20);
    const mean = blockFeatures(block)[0]!;
    expect(naturalnessDistance(block, { mean, covariance: identity })).toBe(0);
    const elsewhere = mean.map((value, i) => value + (i === 7 ? 3 : 0));
    // A single block has no covariance of its own, so that the mean of both is half the model's.
    expect(naturalnessDistance(block, { mean: elsewhere, covariance: identity })).toBeCloseTo(
      3 * Math.SQRT2,
      12,
    );
  });

  it('has the sample covariance', () => {
    const { mean, covariance } = featureModel([
      [1, 5],
      [3, 9],
      [5, 1],
    ]);
    expect(mean).toEqual([3, 5]);
    expect(covariance).toEqual([
      [4, -4],
      [-4, 16],
    ]);
  });

  it('refuses what it cannot measure', () => {
    for (const [code, image] of [
      ['metric/size', noise(95, 200, 20)],
      ['metric/flat', noise(96, 96, 0)],
    ] as const) {
      expect(() => naturalnessDistance(image)).toThrow(
        expect.objectContaining({ name: 'PellucidError', code }),
      );
    }
  });
});

const [photograph, oracle] = [photographs('CBSD68/101085.webp'), photographs('IQA_oracle')];
const missing = [photograph, oracle].filter((path) => !existsSync(path));

describe.skipIf(missing.length > 0)(
  `on photographs${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    it.each([
      ['quality score', qualityScore] as const,
      ['naturalness distance', naturalnessDistance] as const,
    ])('the %s rises with noise and with blur', async (_, metric) => {
      const clean = await readPicture(photograph);
      for (const spoil of [noisy, blurred]) {
        const scores = [0, 1, 2, 3].map((strength) => metric(spoil(clean, strength)));
        expect(scores).toEqual([...scores].sort((a, b) => a - b));
      }
    });

    it("agrees with MATLAB's niqe on the calibration images, though its values are others", async () => {
      const matlab = [7.2, 2.99, 3.17, 3.71, 7.69];
      const own: number[] = [];
      for (const name of ['I03', 'I04', 'I06', 'I08', 'I19']) {
        own.push(naturalnessDistance(await readPicture(join(oracle, `pyiqa_dist/${name}.bmp`))));
      }
      const centred = (values: number[]) => {
        const mean = values.reduce((sum, value) => sum + value) / values.length;
        return values.map((value) => value - mean);
      };
      const [a, b] = [centred(own), centred(matlab)];
      const dot = (p: number[], q: number[]) => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
      expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toBeGreaterThan(0.95);
    });
  },
);

function noisy(image: Raster, strength: number): Raster {
  const random = new Random(1);
  return {
    ...image,
    data: Uint8ClampedArray.from(image.data, (value) => value + 12 * strength * random.normal()),
  };
}

/** The mean of 2x2 pixels, `strength` times. */
function blurred(image: Raster, strength: number): Raster {
  let { data } = image;
  for (let pass = 0; pass < 2 * strength; pass++) {
    const from = data;
    const below = 3 * image.width;
    data = Uint8Array.from(from, (value, i) => {
      const [right, down, both] = [
        from[i + 3] ?? value,
        from[i + below] ?? value,
        from[i + below + 3] ?? value,
      ];
      return (value + right + down + both) / 4 + 0.5;
    });
  }
  return { ...image, data };
}
