/** This project's own models, exported, on onnxruntime: what another engine makes of the same network. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { enlargement, type Model, PellucidError, type Raster, seenBy } from '@pellucid/core';
import { exportOnnx } from '@pellucid/core/export';
import { type Candidate, modelCandidate } from '../candidate.ts';
import type { Condition } from '../datasets/protocol.ts';
import { toFloat } from '../datasets/raster.ts';
import type { PeerCache } from './install.ts';

const VERSION = '1.30.0';
const packages = ['onnxruntime-node', 'onnxruntime-web'] as const;

/** The part of onnxruntime's interface that is used, which both packages share. */
interface OnnxRuntime {
  env: { wasm: { numThreads?: number } };
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OnnxTensor;
  InferenceSession: { create(bytes: Uint8Array, options: object): Promise<Session> };
}
interface OnnxTensor {
  data: Float32Array;
  dims: readonly number[];
}
interface Session {
  run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

/** A model on each onnxruntime, on one thread like everything else here. */
export function onnxCandidates(model: Model, cache: PeerCache): Candidate[] {
  return packages.map((runtime) => {
    const { cost, told, task, scale } = modelCandidate(model);
    const name = `${model.name} (${runtime})`;
    const candidate: Candidate = {
      name,
      task,
      scale,
      ...(cost && { cost }),
      ...(told !== undefined && { told }),
      open: async () => {
        const entry = await cache.entry(runtime, VERSION);
        const { default: loaded, ...named } = await import(pathToFileURL(entry).href);
        const onnx = (loaded ?? named) as OnnxRuntime;
        const bytes = exportOnnx(model);
        if (runtime === 'onnxruntime-web') candidate.bytes = bytes.length + engineBytes(entry);
        onnx.env.wasm.numThreads = 1;
        const options = {
          intraOpNumThreads: 1,
          executionProviders: [runtime.endsWith('node') ? 'cpu' : 'wasm'],
        };
        const session = await onnx.InferenceSession.create(bytes, options).catch((cause: unknown) => {
          throw new PellucidError('bench/no-peer', `${runtime} does not take ${model.name}.`, { cause });
        });
        return {
          restore: (image, condition) => restore(onnx, session, model, image, condition),
          dispose: () => session.release(),
        };
      },
    };
    return candidate;
  });
}

/** The smallest WebAssembly that onnxruntime-web brings for browsers, which lies beside its scripts. */
function engineBytes(entry: string): number {
  return statSync(path.join(path.dirname(entry), 'ort-wasm-simd-threaded.wasm')).size;
}

/** The whole photograph at once, mirrored beyond its last row and column up to the network's alignment, as `Restorer` does. */
async function restore(
  { Tensor }: OnnxRuntime,
  session: Session,
  model: Model,
  image: Raster,
  condition: Condition,
): Promise<Raster> {
  const { graph } = model;
  const { width, height } = image;
  const seen = (await seenBy(model, image)).map(toFloat);
  const align = (length: number) => Math.ceil(length / graph.alignment) * graph.alignment;
  const [wide, high] = [align(width), align(height)];
  const channels = 3 * seen.length;
  const planes = new Float32Array(channels * wide * high);
  for (let y = 0; y < high; y++)
    for (let x = 0; x < wide; x++) {
      const from = 3 * (mirror(y, height) * width + mirror(x, width));
      for (let c = 0; c < channels; c++)
        planes[(c * high + y) * wide + x] = seen[Math.floor(c / 3)]!.data[from + (c % 3)]!;
    }
  const feeds: Record<string, OnnxTensor> = {
    input: new Tensor('float32', planes, [1, channels, high, wide]),
  };
  if (condition.kind === 'noise' && graph.nodes.some(({ op }) => op === 'noise-level'))
    feeds.noise_level = new Tensor('float32', Float32Array.of(condition.sigma), [1]);
  const { output } = await session.run(feeds);
  const scale = enlargement(graph);
  return interleaved(output!, width * scale, height * scale);
}

function mirror(index: number, length: number): number {
  const period = Math.max(1, 2 * (length - 1));
  const phase = index % period;
  return phase < length ? phase : period - phase;
}

function interleaved({ data, dims }: OnnxTensor, width: number, height: number): Raster {
  const [, , high, wide] = dims as [number, number, number, number];
  const pixels = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) pixels[3 * (y * width + x) + c] = data[(c * high + y) * wide + x]!;
  return { width, height, channels: 3, data: pixels };
}
