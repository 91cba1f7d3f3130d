import { describe } from 'vitest';
import { describeMemory, describeReference, describeTraining } from '../../testing/networks.ts';

describe('RCAN', () => {
  describeReference('rcan_x4.safetensors', { kind: 'rcan', width: 16, groups: 2, blocks: 2, squeeze: 4 });
  const small = { kind: 'rcan', scale: 2, width: 8, groups: 2, blocks: 1, squeeze: 2 };
  describeTraining(small);
  describeMemory(small);
});
