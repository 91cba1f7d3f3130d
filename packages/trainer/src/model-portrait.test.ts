import { buildNetwork, type Model, type NetworkConfig } from '@pellucid/core';
import { expect, test } from 'vitest';
import { drawing, layerTable, portrait } from './model-portrait.ts';

const network: NetworkConfig = { kind: 'edge-unet', widths: [8, 16], encoder: [2, 1], decoder: [2] };
const graph = buildNetwork(network);
const model: Model = { name: 'denoise/test', task: 'denoise', network, graph, weights: new Map() };

test('drawing has a column for each resolution, a dot for each part, and names what skips join', () => {
  const lines = drawing(graph).split('\n');
  expect(lines[0]).toMatch(/^ {2}1 {2}1\/2 {2}1\/4 +channels +parameters +MACs$/);
  expect(lines.map((line) => line.slice(0, 15).trimEnd()).slice(1)).toEqual([
    '  ●',
    '  │    ●',
    '  │    ●',
    '  │    │    ●',
    '  │    │    ●',
    '  │    │    ●',
    '  │    ●',
    '  │    ●',
    '  ●',
  ]);
  expect(lines[7]).toMatch(/decoder0 +×2 +8 +2,336 +\d+\.\d % +█+ +conv 3x3 relu, conv 3x3 ← encoder0$/);
  const shares = lines.flatMap((line) => /([\d.]+) %/.exec(line)?.[1] ?? []).map(Number);
  expect(shares.reduce((a, b) => a + b)).toBeCloseTo(100, 0);
});

test('portrait tells the costs of the network and of the photograph as it is padded', () => {
  const text = portrait(model, { width: 62, height: 64 });
  expect(text.split('\n')[0]).toBe(
    'denoise/test: edge-unet {widths: [8, 16], encoder: [2, 1], decoder: [2]} for denoise',
  );
  const perPixel = Number(/MACs per pixel +([\d,]+)/.exec(text)![1]!.replaceAll(',', ''));
  const whole = Number(/; ([\d.]+) G at 62x64/.exec(text)![1]);
  expect(whole).toBeCloseTo((perPixel * 64 * 64) / 1e9, 4);
  expect(text).toMatch(/multiples of 4\n[\s\S]*receptive field +\d+ pixels[\s\S]*64x64 \d+ KiB, 128x128 \d/);
});

test('layerTable has a line for each node', () => {
  const lines = layerTable(graph).split('\n');
  expect(lines).toHaveLength(graph.nodes.length + 1);
  expect(lines[3]).toMatch(/^ +2 +head +conv 3x3 +1 +8 +1\/2 +872 +\d/);
});
