import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Model, PellucidError, readModel } from '@pellucid/core';

/**
 * Reads a model from disk.
 *
 * @param location a model file, or a folder that holds `model.safetensors`
 * @throws PellucidError `model/not-found`, or what `readModel` throws
 */
export async function loadModel(location: string): Promise<Model> {
  return readModel(await readModelFile(location));
}

async function readModelFile(location: string): Promise<Uint8Array> {
  try {
    const isFolder = (await stat(location)).isDirectory();
    return new Uint8Array(await readFile(isFolder ? path.join(location, 'model.safetensors') : location));
  } catch (cause) {
    throw new PellucidError(
      'model/not-found',
      `There is no readable model at ${location}: give a .safetensors file, or a folder that holds model.safetensors.`,
      { cause },
    );
  }
}
