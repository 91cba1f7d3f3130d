/** The service with an untrained network of about 20,000 MACs per pixel, to see what a smaller student would cost. */
import { buildNetwork, initialWeights, networkConfig, Random, Restorer } from '@pellucid/core';
import { createApp } from '../../edge/src/app.ts';
import { restorerFor } from '../../edge/src/engine.ts';

/** What the Worker allows the feature maps of one tile. */
const TILE_MEMORY = 32 * 2 ** 20;

let restorer: Restorer | undefined;

async function narrow(task: string) {
  await restorerFor(task); // starts the engine
  const network = networkConfig.parse({
    kind: 'edge-unet',
    widths: [24, 48, 72],
    encoder: [2, 1, 1],
    decoder: [2, 1],
  });
  const graph = buildNetwork(network);
  const weights = initialWeights(graph, new Random('narrow'));
  restorer ??= new Restorer({ name: 'narrow', task, network, graph, weights }, { memory: TILE_MEMORY });
  return restorer;
}

export default createApp({ restorerFor: narrow });
