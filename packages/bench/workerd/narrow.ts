/** The service with an untrained network of about 20,000 MACs per pixel, to see what a smaller student would cost. */
import { buildNetwork, initialWeights, networkConfig, Random, Restorer } from '@pellucid/core';
import { createApp } from '../../edge/src/app.ts';
import { startEngine, TILE_MEMORY } from '../../edge/src/engine.ts';

let restorer: Promise<Restorer> | undefined;

async function narrow(task: string): Promise<Restorer> {
  await startEngine();
  const network = networkConfig.parse({
    kind: 'edge-unet',
    widths: [24, 48, 72],
    encoder: [2, 1, 1],
    decoder: [2, 1],
  });
  const graph = buildNetwork(network);
  const weights = initialWeights(graph, new Random('narrow'));
  return new Restorer({ name: 'narrow', task, network, graph, weights }, { memory: TILE_MEMORY });
}

export default createApp({
  restorerFor(task) {
    restorer ??= narrow(task);
    return restorer;
  },
});
