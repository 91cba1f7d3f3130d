import * as z from 'zod';
import type { Graph } from '../network/graph.ts';
import { type Feature, type Ops, trace } from '../network/trace.ts';
import { adnet, adnetConfig } from './adnet.ts';
import { blend, blendConfig } from './blend.ts';
import { dcbdnet, dcbdnetConfig } from './dcbdnet.ts';
import { dctswin, dctswinConfig } from './dctswin.ts';
import { dncnn, dncnnConfig } from './dncnn.ts';
import { drsformer, drsformerConfig } from './drsformer.ts';
import { edgeSr, edgeSrConfig } from './edge-sr.ts';
import { edgeUnet, edgeUnetConfig } from './edge-unet.ts';
import { edsr, edsrConfig } from './edsr.ts';
import { ffdnet, ffdnetConfig } from './ffdnet.ts';
import { imdn, imdnConfig } from './imdn.ts';
import { nafnet, nafnetConfig } from './nafnet.ts';
import { pan, panConfig } from './pan.ts';
import { prenet, prenetConfig } from './prenet.ts';
import { rcan, rcanConfig } from './rcan.ts';
import { restormer, restormerConfig } from './restormer.ts';
import { smfanet, smfanetConfig } from './smfanet.ts';
import { swinir, swinirConfig } from './swinir.ts';
import { uformer, uformerConfig } from './uformer.ts';

/** The settings of any network the project knows, told apart by `kind`. */
export const networkConfig = z.discriminatedUnion('kind', [
  edgeUnetConfig,
  edgeSrConfig,
  nafnetConfig,
  restormerConfig,
  drsformerConfig,
  uformerConfig,
  edsrConfig,
  rcanConfig,
  swinirConfig,
  dctswinConfig,
  blendConfig,
  imdnConfig,
  panConfig,
  smfanetConfig,
  ffdnetConfig,
  dncnnConfig,
  adnetConfig,
  dcbdnetConfig,
  prenetConfig,
]);

export type NetworkConfig = z.infer<typeof networkConfig>;

/** What a network of each kind is. */
const networks: {
  [K in NetworkConfig['kind']]: (
    ops: Ops,
    photograph: Feature,
    config: Extract<NetworkConfig, { kind: K }>,
  ) => Feature;
} = {
  'edge-unet': edgeUnet,
  'edge-sr': edgeSr,
  nafnet,
  restormer,
  drsformer,
  uformer,
  edsr,
  rcan,
  swinir,
  dctswin,
  blend,
  imdn,
  pan,
  smfanet,
  ffdnet,
  dncnn,
  adnet,
  dcbdnet,
  prenet,
};

/** The graph of the network that `config` describes. */
export function buildNetwork(config: NetworkConfig): Graph {
  const network = networks[config.kind] as (ops: Ops, photograph: Feature, config: NetworkConfig) => Feature;
  const channels = 3 * (('images' in config && config.images) || 1);
  return trace((ops, photograph) => network(ops, photograph, config), channels);
}
