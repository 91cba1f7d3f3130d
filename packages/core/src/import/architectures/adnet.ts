import { adnetDepth } from '../../networks/adnet.ts';
import { foldBatchNorm } from '../rewrite.ts';
import type { StateDict } from '../state-dict.ts';

/** ADNet's official code has a batch norm after each convolution but the last two. */
export function adaptAdnet(stateDict: StateDict): StateDict {
  let adapted = stateDict;
  for (let layer = 1; layer <= adnetDepth; layer++)
    adapted = foldBatchNorm(adapted, `conv1_${layer}.0`, `conv1_${layer}.1`);
  return adapted;
}
