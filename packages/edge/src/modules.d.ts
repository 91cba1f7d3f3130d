/** What the bundler makes of the files that are not TypeScript, and what the test pool adds. */

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.safetensors' {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module 'cloudflare:test' {
  /** The Worker under test, in the isolate of the test. */
  export const SELF: { fetch(url: string, init?: RequestInit): Promise<Response> };
}

declare module '*?raw' {
  const text: string;
  export default text;
}
