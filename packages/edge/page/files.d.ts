/** Files that the page fetches: the bundler puts them beside it and gives their addresses. */

declare module '*.wasm' {
  const url: string;
  export default url;
}

declare module '*.safetensors' {
  const url: string;
  export default url;
}
