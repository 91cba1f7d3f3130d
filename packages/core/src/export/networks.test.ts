import { beforeAll, describe, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { expectSameInBothFormats, lively } from './testing.ts';

beforeAll(useTrainingWasm);

/** The smallest network of each kind that has all its kinds of node. */
const networks: { [K in NetworkConfig['kind']]: Omit<Extract<NetworkConfig, { kind: K }>, 'kind'> } = {
  'edge-unet': { widths: [8, 16], encoder: [1, 1], decoder: [1] },
  'edge-sr': { scale: 2, width: 8, depth: 1 },
  nafnet: { width: 4, encoder: [1], middle: 1, decoder: [1] },
  restormer: { width: 4, blocks: [1, 1], heads: [1, 2], expansion: 2, refinement: 1, biasFree: false },
  drsformer: { width: 8, blocks: [1, 1], heads: [1, 2], expansion: 2, mixtureSteps: 1 },
  uformer: {
    width: 4,
    blocks: [2, 0, 0, 0, 1, 0, 0, 0, 2],
    heads: [1, 1, 1, 1, 2, 1, 1, 1, 1],
    window: 2,
    modulator: true,
    size: 64,
  },
  edsr: { scale: 2, width: 8, blocks: 1, residualScale: 0.1 },
  rcan: { scale: 3, width: 8, groups: 1, blocks: 1, squeeze: 4 },
  swinir: { scale: 2, width: 8, depths: [2], heads: 2, window: 4, expansion: 2, upsampler: 'pixelshuffle' },
  dctswin: {
    scale: 2,
    images: 3,
    width: 8,
    depths: [2],
    heads: 2,
    window: 4,
    expansion: 2,
    output: 'photograph',
  },
  blend: { images: 2 },
  imdn: { scale: 2, width: 16, blocks: 1 },
  pan: { scale: 4, width: 8, largeWidth: 4, blocks: 1 },
  smfanet: { scale: 2, width: 8, blocks: 1 },
  ffdnet: { width: 8, depth: 3 },
  dncnn: { width: 8, depth: 3 },
  adnet: { width: 4 },
  dcbdnet: { width: 4 },
  prenet: { width: 4, iterations: 2 },
};

describe.each(Object.entries(networks))('%s', (kind, settings) => {
  it('computes the same in ONNX and in TensorFlow.js', async () => {
    const graph = buildNetwork({ kind, ...settings } as NetworkConfig);
    await expectSameInBothFormats(lively(graph));
  });
});
