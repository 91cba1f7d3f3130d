import { describe, expect, it } from 'vitest';
import { describeMemory, describeTraining } from '../../testing/networks.ts';
import { macsPerPixel, parameters } from '../network/cost.ts';
import { enlargement } from '../network/graph.ts';
import { buildNetwork, networkConfig } from './index.ts';

// Parameters in millions at x2, x3 and x4; GMACs for an output of 1280x720 at x4.
const superResolution = [
  { name: 'EDSR-L', settings: { kind: 'edsr' }, millions: [40.73, 43.68, 43.09], gigamacs: 2894.5 },
  {
    name: 'EDSR-baseline',
    settings: { kind: 'edsr', width: 64, blocks: 16, residualScale: 1 },
    millions: [1.37, 1.554, 1.518],
    gigamacs: 114.2,
  },
  { name: 'RCAN', settings: { kind: 'rcan' }, millions: [15.44, 15.63, 15.59], gigamacs: 917 },
  { name: 'light RCAN', settings: { kind: 'rcan', blocks: 6 }, millions: [5.02, 5.21, 5.17], gigamacs: 322 },
  { name: 'SwinIR-M', settings: { kind: 'swinir' }, millions: [11.75, 11.94, 11.9], gigamacs: 753 },
  {
    name: 'light SwinIR',
    settings: { kind: 'swinir', width: 60, depths: [6, 6, 6, 6], upsampler: 'pixelshuffledirect' },
    millions: [0.91, 0.918, 0.93],
    gigamacs: 61.3,
  },
  { name: 'DCTSwin', settings: { kind: 'dctswin' }, millions: [1.095, 1.318, 1.336], gigamacs: 114.0 },
];

describe.each(superResolution)('$name', ({ settings, millions, gigamacs }) => {
  it.each([2, 3, 4])('is as large as published at x%i', (scale) => {
    const graph = buildNetwork(networkConfig.parse({ ...settings, scale }));
    const digits = (millions[scale - 2]!.toString().split('.')[1] ?? '').length;
    expect(parameters(graph) / 1e6).toBeCloseTo(millions[scale - 2]!, digits);
    expect(enlargement(graph)).toBe(settings.kind === 'dctswin' ? 1 : scale);
  });

  it(`takes ${gigamacs} GMACs for an output of 1280x720 at x4`, () => {
    const graph = buildNetwork(networkConfig.parse({ ...settings, scale: 4 }));
    const giga = (macsPerPixel(graph) * 1280 * 720) / enlargement(graph) ** 2 / 1e9;
    expect(giga).toBeCloseTo(gigamacs, gigamacs % 1 ? 1 : 0);
  });
});

// Batch norms are folded, so that ADNet and DCBDNet have somewhat fewer parameters than their authors count.
it.each([
  { settings: { kind: 'ffdnet' }, values: 852_108, macs: 212_760 },
  { settings: { kind: 'dncnn' }, values: 668_227, macs: 667_008 },
  { settings: { kind: 'adnet' }, values: 521_493 - 15 * 64, macs: 519_570 },
  { settings: { kind: 'dcbdnet' }, values: 1_012_995 - 27 * 64, macs: 746_816 },
  { settings: { kind: 'prenet' }, values: 168_963, macs: 1_010_880 },
  { settings: { kind: 'imdn', scale: 2 }, values: 694_404, macs: 689_088 },
  { settings: { kind: 'imdn', scale: 4 }, values: 715_176, macs: 709_824 },
  { settings: { kind: 'pan', scale: 2 }, values: 261_403, macs: 306_072 },
  { settings: { kind: 'pan', scale: 4 }, values: 272_419, macs: 488_952 },
  { settings: { kind: 'smfanet', scale: 2 }, values: 480_300, macs: 438_993 },
  { settings: { kind: 'smfanet', scale: 4 }, values: 495_888, macs: 454_545 },
])('$settings has $values parameters and $macs MACs per pixel', ({ settings, values, macs }) => {
  const graph = buildNetwork(networkConfig.parse(settings));
  expect(parameters(graph)).toBe(values);
  expect(macsPerPixel(graph)).toBe(macs);
});

describe.each([
  { kind: 'dncnn', width: 32, depth: 4 },
  { kind: 'prenet', width: 8, iterations: 2 },
  { kind: 'imdn', scale: 2, width: 16, blocks: 2 },
  { kind: 'pan', scale: 2, width: 8, largeWidth: 8, blocks: 2 },
  { kind: 'smfanet', scale: 2, width: 8, blocks: 2 },
])('$kind', (settings) => {
  describeMemory(settings);
  // Squeezed to one channel, the attention of so small an IMDN is dead at many weights.
  if (settings.kind !== 'imdn') describeTraining(settings);
});
