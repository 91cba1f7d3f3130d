import { expect, it } from 'vitest';
import { Random } from '../random.ts';
import { createDegradation, DegradationSettings, type JpegCodec } from './index.ts';

const pixels = Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => (i - 20) / 150);

/** A codec that notes what it is asked and inverts the picture. */
function noting() {
  const asked: Parameters<JpegCodec>[] = [];
  const codec: JpegCodec = async (...args) => {
    asked.push(args);
    return args[0].map((value) => 255 - value);
  };
  return { asked, codec };
}

it('draws quality and subsampling, and hands 8 bits to the encoder', async () => {
  const { asked, codec } = noting();
  const settings = DegradationSettings.parse({ kind: 'jpeg', quality: [10, 90], subsampled: 0.3 });
  const degradation = createDegradation(settings, codec);
  const random = new Random(1);
  for (let i = 0; i < 200; i++) await degradation.apply(pixels, 8, 8, random);
  const qualities = asked.map(([, , , { quality }]) => quality);
  expect(qualities.every(Number.isInteger)).toBe(true);
  expect(Math.min(...qualities)).toBeLessThan(15);
  expect(Math.max(...qualities)).toBeGreaterThan(85);
  expect(Math.max(...qualities)).toBeLessThanOrEqual(90);
  const share = asked.filter(([, , , { subsampled }]) => subsampled).length / asked.length;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.4);
  const [bytes, width, height] = asked[0]!;
  expect([width, height, bytes.length]).toEqual([8, 8, 192]);
  expect([bytes[0], bytes[20], bytes[191]]).toEqual([0, 0, 255]);
  const restored = await degradation.apply(pixels, 8, 8, random);
  expect([restored[0], restored[191]]).toEqual([1, 0]);
});

it('draws the same from the same stream, before it waits', async () => {
  const { asked, codec } = noting();
  const degradation = createDegradation({ kind: 'jpeg', quality: [10, 90], subsampled: 0.5 }, codec);
  const random = new Random(3);
  await Promise.all([degradation.apply(pixels, 8, 8, random), degradation.apply(pixels, 8, 8, random)]);
  const again = new Random(3);
  for (let i = 0; i < 2; i++) await degradation.apply(pixels, 8, 8, again);
  expect(asked.slice(0, 2)).toEqual(asked.slice(2));
});

it('says what it lacks where there is no encoder', async () => {
  const degradation = createDegradation({ kind: 'jpeg', quality: 10, subsampled: 0 });
  await expect(degradation.apply(pixels, 8, 8, new Random(1))).rejects.toMatchObject({
    code: 'degradation/no-codec',
  });
});
