import type { NetworkConfig } from '../../networks/index.ts';
import type { StateDict } from '../state-dict.ts';
import { adaptAdnet } from './adnet.ts';
import { adaptDcbdnet } from './dcbdnet.ts';
import { adaptUformer } from './uformer.ts';

/**
 * Turns the state dict of an architecture's official code into one with the names and shapes (PyTorch's own: out, in,
 * row, column) of the network's weights. Needed only where the network is written otherwise than the official code:
 * batch norms folded, projections joined, layers of another name. What it has used up it leaves out.
 */
export type Adapter<K extends NetworkConfig['kind']> = (
  stateDict: StateDict,
  network: Extract<NetworkConfig, { kind: K }>,
) => StateDict;

/** One line for each architecture that needs one. */
const adapters: { [K in NetworkConfig['kind']]?: Adapter<K> } = {
  adnet: adaptAdnet,
  dcbdnet: adaptDcbdnet,
  uformer: adaptUformer,
};

/** What makes an official state dict fit a network. */
export function adapterOf(network: NetworkConfig): (stateDict: StateDict) => StateDict {
  const adapter = adapters[network.kind] as Adapter<typeof network.kind> | undefined;
  return (stateDict) => adapter?.(stateDict, network) ?? stateDict;
}
