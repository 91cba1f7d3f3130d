import { PellucidError } from '../errors.ts';

/** What the kernels use of TensorFlow.js's wasm backend. */
export interface WasmBackend {
  wasm: EmscriptenModule;
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: 'float32'): TensorLike;
  incRef(dataId: object): void;
}

interface EmscriptenModule {
  _malloc(bytes: number): number;
  _free(address: number): void;
  /** The whole heap; replaced when it grows. */
  HEAPU8: Uint8Array;
  /** Only the threaded build shows its memory here. */
  wasmMemory?: WebAssembly.Memory;
  asm: { memory: WebAssembly.Memory };
}

interface TensorLike {
  dataId: object;
  shape: number[];
  dtype: 'float32';
}

/**
 * The exports of the side module. All arguments are addresses or numbers; see `assembly/` for what they mean.
 */
export interface SideExports {
  winogradScratch(inChannels: number, outChannels: number): number;
  winogradConv(...args: number[]): void;
  winogradFilterGradient(...args: number[]): void;
  productScratch(depth: number, outChannels: number): number;
  pointwiseConv(...args: number[]): void;
  patchConv(...args: number[]): void;
  addFloats(a: number, b: number, to: number, count: number): void;
  directScratch(taps: number, inChannels: number, outChannels: number): number;
  directInputGradient(...args: number[]): void;
  directFilterGradient(...args: number[]): void;
  depthwiseConvScratch(...args: number[]): number;
  depthwiseConv(...args: number[]): void;
  depthwiseNearScratch(channels: number): number;
  depthwiseNear(...args: number[]): void;
  depthwiseGradientScratch(taps: number, channels: number): number;
  depthwiseFilterGradient(...args: number[]): void;
  matMulScratch(rows: number, depth: number, columns: number, turnLeft: boolean): number;
  matMul(...args: number[]): void;
  layerNorm(...args: number[]): void;
  layerNormGradient(...args: number[]): void;
  geluScratch(): number;
  gelu(x: number, y: number, count: number, scratch: number): void;
  geluGradient(x: number, dy: number, dx: number, count: number, scratch: number): void;
  gate(...args: number[]): void;
  gateGradient(...args: number[]): void;
  windowAttentionScratch(size: number, heads: number, width: number): number;
  windowAttention(...args: number[]): void;
  windowAttentionGradientScratch(size: number, heads: number, width: number): number;
  windowAttentionGradient(...args: number[]): void;
  contrastScratch(width: number, channels: number): number;
  contrast(...args: number[]): void;
  contrastGradient(...args: number[]): void;
  naturalScratch(height: number, width: number, channels: number): number;
  naturalStatistics(...args: number[]): void;
  naturalGradient(...args: number[]): void;
  copyRows(from: number, fromRow: number, to: number, toRow: number, rows: number, count: number): void;
  sumRows(x: number, y: number, groups: number, rows: number, channels: number, scale: number): void;
  maxRows(x: number, y: number, groups: number, rows: number, channels: number): void;
  fourierPass(...args: number[]): void;
  unfoldSpectra(...args: number[]): void;
  foldSpectra(...args: number[]): void;
  sparseDivergence(...args: number[]): void;
  coupleSpectra(...args: number[]): void;
}

/** The Emscripten module under a wasm backend. */
function emscripten(backend: unknown): EmscriptenModule {
  const wasm = (backend as WasmBackend | null)?.wasm;
  if (wasm) return wasm;
  throw new PellucidError(
    'engine/no-backend',
    'The wasm backend is not running. Call tf.setBackend("wasm") and await it first.',
  );
}

/**
 * The memory of the wasm backend, for callers that did not instantiate it themselves.
 *
 * @throws PellucidError `engine/no-backend` before the backend is initialised
 */
export function wasmMemory(backend: unknown): WebAssembly.Memory {
  const { wasmMemory, asm } = emscripten(backend);
  return wasmMemory ?? asm.memory;
}

/** Instantiates the side module over the backend's own memory, so that no tensor is ever copied. */
export function sideModule(module: WebAssembly.Module, memory: WebAssembly.Memory): SideExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as SideExports;
}

/** Runs `use` with scratch memory that is freed afterwards. */
export function withScratch(backend: WasmBackend, bytes: number, use: (address: number) => void): void {
  const address = backend.wasm._malloc(bytes);
  try {
    use(address);
  } finally {
    backend.wasm._free(address);
  }
}

const guarded = new WeakSet<EmscriptenModule>();

/**
 * Turns a failed allocation into an error. TensorFlow.js does not look at what malloc returns, and malloc
 * itself returns blocks that end past the heap: near 4 GiB its arithmetic wraps round. Either would show much
 * later, as an access out of bounds.
 */
export function guardAllocation(backend: unknown): void {
  const wasm = emscripten(backend);
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  // Emscripten's stub replaces itself on its first call and would throw the guard away.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < 2 ** 32 ? malloc(bytes) >>> 0 : 0;
    if (address !== 0 && address + bytes <= wasm.HEAPU8.length) return address;
    wasm._free(address);
    const wanted = Math.ceil(bytes / 2 ** 20);
    throw new PellucidError(
      'engine/out-of-memory',
      `The WebAssembly heap (4 GiB at most) has no ${wanted} MiB left. Use smaller batches, patches or tiles.`,
    );
  };
}
