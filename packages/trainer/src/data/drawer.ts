/** A thread that draws batches of training patches, each from the random stream that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { createDegradation, Random } from '@pellucid/core';
import type { DrawerAnswer, DrawerRequest, DrawerSetup } from './drawing.ts';
import { jpegCodec } from './jpeg-codec.ts';
import { PatchSampler } from './patches.ts';

const { degradation, ...options } = workerData as DrawerSetup;
const sampler = new PatchSampler({
  ...options,
  degradation: degradation && createDegradation(degradation, jpegCodec),
});

parentPort!.on('message', async ({ id, random }: DrawerRequest) => {
  const answer = (message: DrawerAnswer, transfer: ArrayBuffer[] = []) =>
    parentPort!.postMessage(message, transfer);
  try {
    const pairs = await sampler.draw(Random.from(random));
    answer({ id, pairs }, [pairs.clean.buffer, pairs.degraded.buffer] as ArrayBuffer[]);
  } catch (error) {
    answer({ id, error });
  }
});
