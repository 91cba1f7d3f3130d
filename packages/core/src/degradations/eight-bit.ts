/**
 * Images as files hold them. Plain loops, here and in the degradations: `map` of a typed array makes an object of every
 * number, and patches are drawn as fast as an engine learns from them.
 */

/** Values of 0..1 as bytes, rounded; what passes those limits as the nearest. */
export function toBytes(pixels: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) bytes[i] = Math.round(255 * Math.min(Math.max(pixels[i]!, 0), 1));
  return bytes;
}

/** Bytes as values of 0..1. */
export function fromBytes(bytes: ArrayLike<number>): Float32Array {
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = bytes[i]! / 255;
  return pixels;
}
