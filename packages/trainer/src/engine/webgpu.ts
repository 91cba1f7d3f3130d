import { PellucidError } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { importOptional } from './optional.ts';
import { installWebgpuKernels } from './webgpu/kernels.ts';

/** What is used of Dawn's `GPUAdapterInfo`. */
interface AdapterInfo {
  vendor: string;
  architecture: string;
  description: string;
  isFallbackAdapter: boolean;
}

interface Dawn {
  create(flags: string[]): { requestAdapter(options: object): Promise<{ info: AdapterInfo } | null> };
  globals: object;
}

/**
 * TensorFlow.js on WebGPU, which Dawn brings to Node: any GPU with a Vulkan, Metal or Direct3D 12 driver.
 *
 * @param hardwareOnly refuse an adapter that is a program on the CPU: right, and slower than any other engine
 * @returns what computes, in words
 * @throws PellucidError `engine/not-installed` where a package is missing or does not load, `engine/no-gpu` without an
 *   adapter
 */
export async function openWebgpu(hardwareOnly: boolean): Promise<string> {
  const info = await provideWebgpu();
  const software = isSoftware(info);
  if (software && hardwareOnly)
    throw new PellucidError('engine/no-gpu', `webgpu has only the software adapter ${info.description}.`);
  await load(() => importOptional('webgpu', '@tensorflow/tfjs-backend-webgpu'));
  if (!(await tf.setBackend('webgpu'))) throw new Error('the WebGPU backend did not start');
  installWebgpuKernels();
  const name = info.description || `${info.vendor} ${info.architecture}`;
  return software ? `WebGPU on ${name}, a software adapter, slower than wasm` : `WebGPU on ${name}`;
}

/** Makes `navigator.gpu`, which the backend looks for as it is imported, and tells which adapter it will get. */
async function provideWebgpu(): Promise<AdapterInfo> {
  const { create, globals } = await load(() => importOptional<Dawn>('webgpu', 'webgpu'));
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  // As the backend will ask.
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter.info;
  throw new PellucidError(
    'engine/no-gpu',
    'webgpu finds no GPU. On Linux it needs the Vulkan loader (Debian: apt install libvulkan1) and the driver of the GPU. Train with --engine wasm.',
  );
}

function isSoftware({ isFallbackAdapter, architecture, description }: AdapterInfo): boolean {
  return isFallbackAdapter || /software|swiftshader|llvmpipe/i.test(`${architecture} ${description}`);
}

async function load<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new PellucidError(
      'engine/not-installed',
      'webgpu is not installed or does not load. `npx -y pnpm@12 engine:native webgpu` gets it; or train with --engine wasm.',
      { cause },
    );
  }
}
