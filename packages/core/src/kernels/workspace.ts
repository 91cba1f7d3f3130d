import { type SideExports, sideModule } from './side-module.ts';

/** The least that a side module can be given. */
const PAGES = 256;
const BYTES = PAGES * 2 ** 16;

let known: WebAssembly.Module | undefined;

/** Has workspaces that are made from now on bring the side module. */
export function useInWorkspaces(module: WebAssembly.Module | undefined): void {
  known = module;
}

/**
 * 16 MiB for arrays of floats that belong to no tensor, in memory of their own, in which the side module works too where one
 * is installed.
 */
export class Workspace {
  /** Its addresses are the arrays' `byteOffset`. */
  readonly side: SideExports | undefined;
  readonly #buffer: ArrayBufferLike;
  #used = 0;

  constructor() {
    const memory = known && new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    this.side = memory && sideModule(known!, memory);
    this.#buffer = memory?.buffer ?? new ArrayBuffer(BYTES);
  }

  /** Room for so many floats, of any values. Throws an Error (a mistake in the caller's code) where none is left. */
  floats(length: number): Float32Array {
    const from = this.#used;
    this.#used += Math.ceil(length / 4) * 16;
    if (this.#used > BYTES)
      throw new Error(`a workspace has ${BYTES} bytes, and ${this.#used} are asked for`);
    return new Float32Array(this.#buffer, from, length);
  }

  /** Gives all its room away again: arrays made before share it with those made afterwards. */
  clear(): void {
    this.#used = 0;
  }
}
