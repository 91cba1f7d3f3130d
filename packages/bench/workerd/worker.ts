/** Times a model inside workerd, on the engine of the Worker itself: the model in the body, the job in the query. */
import { readModel } from '@pellucid/core';
import { wasmMemory } from '@pellucid/core/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { startEngine, TILE_MEMORY } from '../../edge/src/engine.ts';
import { timeModel } from '../src/speed/stopwatch.ts';

export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const [width = 0, height = 0, runs = 0] = ['width', 'height', 'runs'].map((key) =>
      Number(query.get(key)),
    );
    const model = readModel(await request.bytes());
    await startEngine();
    const gauges = { wasmBytes: () => wasmMemory(tf.backend()).buffer.byteLength, heapBytes: () => null };
    return Response.json(await timeModel(model, { width, height, runs }, gauges, TILE_MEMORY));
  },
};
