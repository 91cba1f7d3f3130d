import { buildNetwork, weightsOf } from '@pellucid/core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from './engine/index.ts';
import { Parameters } from './parameters.ts';
import { degradedPsnr, restoredPsnr } from './validate.ts';

beforeAll(async () => void (await openEngine('wasm')));

const pair = (error: number) => ({
  clean: new Float32Array(192).fill(100 / 255),
  degraded: new Float32Array(192).fill((100 + error) / 255),
  shape: [1, 8, 8, 3] as [number, number, number, number],
});

test('is the mean of each image in decibel, after rounding to 8 bits', () => {
  const of = (error: number) => 20 * Math.log10(255 / error);
  expect(degradedPsnr([pair(10), pair(5.2)])).toBeCloseTo((of(10) + of(5)) / 2, 6);
});

test('counts an image that is equal to the clean one as 100 dB', () => {
  const of = (error: number) => 20 * Math.log10(255 / error);
  expect(degradedPsnr([pair(10), pair(0.2)])).toBeCloseTo((of(10) + 100) / 2, 6);
});

test('measures what the network makes of an image', async () => {
  const graph = buildNetwork({ kind: 'edge-unet', widths: [8], encoder: [0], decoder: [] });
  const parameters = new Parameters(weightsOf(graph));
  const weights = parameters.unflatten(new Float32Array(parameters.count));
  const measure = () => restoredPsnr(graph, parameters.upload(parameters.flatten(weights)), [pair(10)]);
  expect(await measure()).toBeCloseTo(degradedPsnr([pair(10)]), 4);
  weights.get('tail.bias')!.fill(-9 / 255);
  expect(await measure()).toBeCloseTo(20 * Math.log10(255 / 1), 4);
});

test('super-resolution is measured on Y, without a border of the scale, against bicubic', () => {
  const clean = new Float32Array(12 * 12 * 3).fill(0.4);
  const pairOf = () => ({
    clean: clean.slice(),
    degraded: new Float32Array(6 * 6 * 3).fill(0.4),
    scale: 2,
    shape: [1, 12, 12, 3] as [number, number, number, number],
  });
  const border = pairOf();
  border.clean.fill(1, 0, 2 * 12 * 3);
  expect(degradedPsnr([border])).toBe(100);
  const lighter = pairOf();
  lighter.clean.fill(0.4 + 10 / 255);
  // Luma spans 219 of 255 levels.
  expect(degradedPsnr([lighter])).toBeCloseTo(20 * Math.log10((255 / 10) * (255 / 219)), 1);
});
