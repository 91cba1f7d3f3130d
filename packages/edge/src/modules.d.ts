/** What the bundler makes of the files that are not TypeScript, and what the test pool adds. */

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.safetensors' {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module 'cloudflare:workers' {
  export interface DurableObjectState {
    storage: {
      sql: { exec<T = unknown>(query: string, ...bindings: (string | number | null)[]): { toArray(): T[] } };
      setAlarm(time: number): Promise<void>;
      deleteAll(): Promise<void>;
    };
  }

  export class DurableObject<Env = unknown> {
    constructor(state: DurableObjectState, env: Env);
    protected readonly ctx: DurableObjectState;
    protected readonly env: Env;
  }
}

declare module 'cloudflare:test' {
  /** The Worker under test, in the isolate of the test. */
  export const SELF: { fetch(url: string, init?: RequestInit): Promise<Response> };
  export const env: import('./config.ts').Env & import('./jobs/bindings.ts').JobBindings;
  /** Runs a Durable Object's alarm now; false where none is set. */
  export function runDurableObjectAlarm(stub: unknown): Promise<boolean>;
}

interface CacheStorage {
  /** The data centre's cache (Cloudflare). */
  readonly default: Cache;
}

declare module '*?raw' {
  const text: string;
  export default text;
}
