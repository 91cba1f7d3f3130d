import { describe, expect, it } from 'vitest';
import { describeMemory, describeReference, describeTraining } from '../../testing/networks.ts';
import { networkConfig } from './index.ts';

describe('SwinIR', () => {
  const reference = { kind: 'swinir', width: 24, depths: [2, 2], heads: 3 };
  const direct = { ...reference, scale: 2, upsampler: 'pixelshuffledirect' };
  describeReference('swinir_x2.safetensors', direct);
  describeReference('swinir_x4.safetensors', { ...reference, scale: 4 });
  const small = { ...direct, width: 8, depths: [2], heads: 2, window: 4 };
  describeTraining(small);
  describeTraining({ ...small, upsampler: 'pixelshuffle' });
  describeMemory(small);

  it('names the setting that does not fit', () => {
    const { error } = networkConfig.safeParse({ kind: 'swinir', width: 20, heads: 6 });
    expect(error?.issues[0]).toMatchObject({ path: ['heads'] });
    expect(networkConfig.safeParse({ kind: 'swinir', window: 7 }).success).toBe(false);
  });
});
