/** What the tests measure: pictures drawn from seeds, and networks that are quick because they are small. */

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buildNetwork, initialWeights, type Model, networkConfig, Random } from '@pellucid/core';
import { proceduralPhotograph } from '@pellucid/trainer';
import sharp from 'sharp';
import { vi } from 'vitest';
import { runBench } from './bench.ts';
import { findBrowser } from './speed/browser.ts';

/** An untrained network is the identity, so what comes out is what went in, clipped and rounded. */
export function untrained(name: string, width: number, levels = 1): Model {
  const blocks = (count: number) => Array.from({ length: count }, () => 1);
  const network = networkConfig.parse({
    kind: 'edge-unet',
    widths: blocks(levels).map(() => width),
    encoder: blocks(levels),
    decoder: blocks(levels - 1),
  });
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

/** What a command line prints, and its exit status. */
export async function runForTest(...words: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const note = (...said: unknown[]) => void lines.push(said.join(' '));
  for (const channel of ['log', 'error', 'warn'] as const)
    vi.spyOn(console, channel).mockImplementation(note);
  process.exitCode = 0;
  await runBench(words);
  const code = Number(process.exitCode);
  process.exitCode = 0;
  vi.restoreAllMocks();
  return { code, output: lines.join('\n') };
}
