import { foldBatchNorm, rename, tensor } from '../rewrite.ts';
import type { StateDict } from '../state-dict.ts';

/** What KAIR's blocks, which DCBDNet is made of but for its noise map, add to a variance. */
const epsilon = 1e-4;

/**
 * DCBDNet's official code has batch norms: the convolutions before them take them in, save five whose input a skip reads
 * too. Those become 1x1 depthwise convolutions.
 */
export function adaptDcbdnet(stateDict: StateDict): StateDict {
  let adapted = stateDict;
  for (const layer of [2, 3, 4, 5, 6])
    adapted = foldBatchNorm(adapted, `fcn.fconv${layer}`, `fcn.fbn${layer}`);
  for (let layer = 1; layer <= 11; layer++)
    adapted = foldBatchNorm(adapted, `conv${layer}`, `bn${layer}`, epsilon);
  adapted = foldBatchNorm(adapted, 'm_dilatedconv6', 'm_bn6', epsilon);
  for (const layer of [1, 2, 3, 4, 5]) {
    adapted = foldBatchNorm(adapted, `m_dilatedconv${layer}_1`, `m_bn${layer}_1`, epsilon);
    const channels = tensor(adapted, `m_bn${layer}.weight`).data.length;
    const identity = { shape: [channels, 1, 1, 1], data: new Float32Array(channels).fill(1) };
    const beside = new Map(adapted).set(`m_identity${layer}.weight`, identity);
    const folded = foldBatchNorm(beside, `m_identity${layer}`, `m_bn${layer}`, epsilon);
    adapted = rename(folded, [[new RegExp(`^m_identity${layer}\\.`), `m_bn${layer}.`]]);
  }
  return adapted;
}
