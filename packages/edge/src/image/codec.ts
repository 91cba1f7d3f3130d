/** What Emscripten makes of a codec written in C: a function that instantiates it. */
type Factory<M> = (overrides: Record<string, unknown>) => Promise<M>;

/**
 * A codec compiled from C, with an instance of its own for each image, which takes about a millisecond.
 *
 * The libraries' own wrappers keep one instance for ever. Its memory never shrinks, so four codecs would hold the
 * largest image each has met; and a failure leaves the memory as it was: the JPEG decoder never returns once some
 * seventy damaged images have gone through it.
 */
export class Codec<M> {
  readonly #factory: Factory<M>;
  readonly #module: WebAssembly.Module;

  /** Bytes that the last image made of its instance's memory, which only grows. */
  memory = 0;

  constructor(factory: unknown, module: WebAssembly.Module) {
    this.#factory = factory as Factory<M>;
    this.#module = module;
  }

  /** Runs with an instance. `complaints` collects what the library prints, its warnings. */
  async use<T>(run: (codec: M, complaints: string[]) => T): Promise<T> {
    const complaints: string[] = [];
    let memory: WebAssembly.Memory | undefined;
    const codec = await this.#factory({
      noInitialRun: true,
      printErr: (line: string) => complaints.push(line),
      instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
        const instance = new WebAssembly.Instance(this.#module, imports);
        memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
        done(instance);
        return instance.exports;
      },
    });
    try {
      return run(codec, complaints);
    } finally {
      this.memory = memory!.buffer.byteLength;
    }
  }
}
