/** What the tests measure: pictures drawn from seeds, and networks that are quick because they are small. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buildNetwork, initialWeights, type Model, networkConfig, Random } from '@pellucid/core';
import { proceduralPhotograph } from '@pellucid/trainer';
import sharp from 'sharp';
import { findBrowser } from './speed/browser.ts';

/** An untrained network is the identity, so what comes out is what went in, clipped and rounded. */
export function untrained(name: string, width: number): Model {
  const network = networkConfig.parse({ kind: 'edge-unet', widths: [width], encoder: [1], decoder: [] });
  const graph = buildNetwork(network);
  return { name, task: 'denoise', network, graph, weights: initialWeights(graph, new Random(1)) };
}

/** Writes a picture drawn from a seed as PNG or TIFF, in folders that are made. */
export async function writePicture(file: string, seed: number, width = 48, height = 40): Promise<void> {
  const { data } = proceduralPhotograph(64, new Random(seed));
  await mkdir(path.dirname(file), { recursive: true });
  await sharp(data as Uint8Array, { raw: { width: 64, height: 64, channels: 3 } })
    .extract({ left: 0, top: 0, width, height })
    .toFile(file);
}

/** Why there is no browser here, for the name of a test that skips then; empty where there is one. */
export function lackingBrowser(): string {
  try {
    findBrowser();
    return '';
  } catch (error) {
    return ` (skipped: ${(error as Error).message})`;
  }
}
