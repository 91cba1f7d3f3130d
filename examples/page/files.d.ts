/** What esbuild's loader `file` makes of these: their addresses. */
declare module '*.wasm' {
  const address: string;
  export default address;
}
declare module '*.safetensors' {
  const address: string;
  export default address;
}
