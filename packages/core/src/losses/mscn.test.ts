import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { congruentialPicture } from '../../testing/images.ts';
import { shapeRatio } from '../metrics/generalised-gaussian.ts';
import { greyPlane } from '../metrics/grey.ts';
import { brisqueFeatures, piqe, rasterOf } from '../metrics/index.ts';
import { mscn } from '../metrics/mscn.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { greyLevels, mscnMap, neighbourProducts, sceneMoments } from './mscn.ts';
import { slopeError } from './testing.ts';

beforeAll(useWasm);

const [width, height] = [32, 24];

/** A photograph's mixture: a steep slope, a flat part, faint and strong texture. */
function scene(): Float64Array {
  const random = new Random(3);
  return Float64Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (x < 10) return 203;
    const amplitude = x < 16 ? 0.3 : x < 24 ? 4 : 40;
    return 90 + 3 * y + amplitude * random.normal();
  });
}

const tensorOf = (plane: Float64Array) => tf.tensor3d(Float32Array.from(plane), [1, height, width]);

describe('mscnMap', () => {
  it.each(['zero', 'replicate'] as const)('equals the metric, border %s', (border) => {
    const map = mscnMap(tensorOf(scene()), border);
    const expected = mscn(Float64Array.from(Float32Array.from(scene())), width, height, border);
    for (const [i, value] of map.dataSync().entries())
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4);
  });

  it('has the slopes of its values', () => {
    const weights = tf.randomNormal([1, height, width], 0, 1, 'float32', 1);
    const value = (grey: tf.Tensor3D) => tf.sum(tf.mul(mscnMap(grey, 'zero'), weights)) as tf.Scalar;
    expect(slopeError(value, tensorOf(scene()), 0.02)).toBeLessThan(2e-2);
  });

  it('has finite slopes where an image is flat', () => {
    for (const level of [0, 128, 255]) {
      const flat = tf.fill([2, 16, 16], level) as tf.Tensor3D;
      const slopes = tf.grad((grey) => tf.sum(tf.square(mscnMap(grey as tf.Tensor3D, 'replicate'))))(flat);
      expect([...slopes.dataSync()].every((slope) => Math.abs(slope) < 1e-3)).toBe(true);
      const moments = tf.grad((grey) => tf.sum(sceneMoments(mscnMap(grey as tf.Tensor3D, 'replicate'))))(
        flat,
      );
      expect([...moments.dataSync()].every(Number.isFinite)).toBe(true);
    }
  });
});

describe('neighbourProducts', () => {
  it('multiplies each value with four neighbours, around the border', () => {
    const map = tf.tensor3d([1, 2, 3, 5, 7, 11, 13, 17, 19], [1, 3, 3]);
    const products = neighbourProducts(map);
    expect(products.shape).toEqual([1, 4, 3, 3]);
    const [beside, above, aboveLeft, belowLeft] = products.arraySync()[0]!;
    expect(beside).toEqual([
      [3, 2, 6],
      [55, 35, 77],
      [247, 221, 323],
    ]);
    expect(above![1]).toEqual([5, 14, 33]);
    expect(above![0]).toEqual([13, 34, 57]);
    expect(aboveLeft![1]).toEqual([15, 7, 22]);
    expect(belowLeft![1]).toEqual([95, 91, 187]);
    expect(belowLeft![2]).toEqual([39, 17, 38]);
  });
});

describe('sceneMoments', () => {
  it("are what BRISQUE's features at the first scale are made of", () => {
    const random = new Random(9);
    const data = new Uint8Array(width * height * 3);
    for (let i = 0; i < data.length; i += 3) data.fill(128 + i / 60 + 15 * random.normal(), i, i + 3);
    const picture: Raster = { width, height, channels: 3, data };
    const features = brisqueFeatures(picture);
    const grey = tensorOf(greyPlane(picture, 'test', 1));
    const moments = sceneMoments(mscnMap(grey, 'zero')).dataSync();
    expect(moments).toHaveLength(18);
    // Shapes are found on a grid of 0.001.
    expect(moments[0]).toBeCloseTo(shapeRatio(features[0]!), 3);
    expect(moments[1]).toBeCloseTo(features[1]!, 4);
    for (let k = 2; k < 18; k += 4) {
      expect(moments[k]).toBeCloseTo(shapeRatio(features[k]!), 3);
      expect(moments[k + 1]).toBeCloseTo(Math.sqrt(features[k + 3]!) - Math.sqrt(features[k + 2]!), 4);
      expect(moments[k + 2]).toBeCloseTo(features[k + 2]!, 4);
      expect(moments[k + 3]).toBeCloseTo(features[k + 3]!, 4);
    }
  });

  it('have the slopes of their values', () => {
    const random = new Random(5);
    const map = tf.tensor3d(
      Float32Array.from({ length: width * height }, () => random.normal()),
      [1, height, width],
    );
    const weights = tf.randomNormal([1, 18], 0, 1, 'float32', 2);
    const value = (values: tf.Tensor3D) => tf.sum(tf.mul(sceneMoments(values), weights)) as tf.Scalar;
    expect(slopeError(value, map, 1e-3)).toBeLessThan(2e-2);
  });
});

it('takes grey from RGB as the metric does, without rounding', () => {
  const picture = congruentialPicture();
  const data = picture.data.map((value, i) => (value + 40 * (i % 3)) % 256);
  const image = tf.tensor4d(
    Float32Array.from(data, (value) => value / 255),
    [1, 64, 80, 3],
  );
  const expected = greyPlane({ ...picture, data }, 'test', 1);
  for (const [i, value] of greyLevels(image).dataSync().entries()) {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(0.501);
  }
});

it('lets every metric measure what an engine holds', async () => {
  const picture = congruentialPicture();
  const image = tf.tensor3d(
    Float32Array.from(picture.data, (value) => value / 255),
    [picture.height, picture.width, 3],
  );
  const raster = await rasterOf(image);
  expect(brisqueFeatures(raster)).toEqual(brisqueFeatures(picture));
  expect(piqe(raster)).toEqual(piqe(picture));
  expect(image.isDisposed).toBe(false);
});
