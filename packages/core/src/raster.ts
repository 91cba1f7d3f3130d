/**
 * A photograph in memory: rows from top to bottom, pixels from left to right, channels interleaved (RGB or RGBA).
 *
 * The array's type says the value range: bytes hold 0..255, 16-bit words 0..65535, floats 0..1.
 */
export interface Raster {
  width: number;
  height: number;
  channels: 3 | 4;
  data: Uint8Array | Uint8ClampedArray | Uint16Array | Float32Array;
}

/** The value that stands for full intensity in a raster's array type. */
export function whiteLevel(data: Raster['data']): 1 | 255 | 65535 {
  if (data instanceof Float32Array) return 1;
  return data instanceof Uint16Array ? 65535 : 255;
}
