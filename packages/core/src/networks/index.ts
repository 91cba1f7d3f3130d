import { z } from 'zod';
import type { Graph } from '../network/graph.ts';
import { trace } from '../network/trace.ts';
import { edgeUnet, edgeUnetConfig } from './edge-unet.ts';

/** The settings of any network the project knows, told apart by `kind`. */
export const networkConfig = z.discriminatedUnion('kind', [edgeUnetConfig]);

export type NetworkConfig = z.infer<typeof networkConfig>;

/** The graph of the network that `config` describes. */
export function buildNetwork(config: NetworkConfig): Graph {
  return trace((ops, photograph) => edgeUnet(ops, photograph, config));
}
