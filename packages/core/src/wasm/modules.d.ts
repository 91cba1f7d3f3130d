/** WebAssembly as bundlers for Workers import it: compiled. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
