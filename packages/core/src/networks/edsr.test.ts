import { describe, expect, it } from 'vitest';
import { describeMemory, describeReference, describeTraining } from '../../testing/networks.ts';
import { buildNetwork, networkConfig } from './index.ts';

describe('EDSR', () => {
  const reference = { kind: 'edsr', width: 16, blocks: 3 };
  describe.each([2, 3, 4])('x%i', (scale) => {
    describeReference(`edsr_x${scale}.safetensors`, { ...reference, scale });
  });
  const small = { kind: 'edsr', scale: 3, width: 8, blocks: 2 };
  describeTraining(small);
  describeTraining({ ...small, residualScale: 1 });
  describeMemory(small);

  it('names what feature distillation compares', () => {
    const { taps } = buildNetwork(networkConfig.parse(small));
    expect(Object.keys(taps)).toEqual(['head', 'body0', 'body1', 'tail']);
  });
});
