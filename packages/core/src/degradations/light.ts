/** The light that a picture's values stand for, by a gamma of 2.2: as good as sRGB's curve for what spoils pictures. */
const GAMMA = 2.2;

/** Light of 0..1 for each byte, since most pictures come as bytes and a power takes longer than a look-up. */
const OF_BYTE = Float64Array.from({ length: 256 }, (_, byte) => Math.fround(byte / 255) ** GAMMA);

/** The least light that a picture holds as each byte; no light is held as a 256th. */
const LEAST = Float64Array.from({ length: 257 }, (_, byte) => {
  if (byte === 256) return Number.POSITIVE_INFINITY;
  return byte === 0 ? 0 : ((byte - 0.5) / 255) ** GAMMA;
});

/** The byte of the least light of every 4096th, where the search for a byte begins. */
const CELLS = Uint8Array.from({ length: 4097 }, (_, cell) => Math.round(255 * (cell / 4096) ** (1 / GAMMA)));

/** Values of 0..1, and those below as 0. */
export function toLight(pixels: Float32Array): Float32Array {
  const light = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i]!;
    const byte = Math.round(255 * value);
    const known = byte >= 0 && byte <= 255 && Math.fround(byte / 255) === value;
    light[i] = known ? OF_BYTE[byte]! : Math.max(value, 0) ** GAMMA;
  }
  return light;
}

/** The value of light, 0 or more. */
export function fromLight(light: number): number {
  return light ** (1 / GAMMA);
}

/** The byte that a picture holds light as: 0..255, whatever the light. */
export function byteOfLight(light: number): number {
  if (!(light > 0)) return 0;
  let byte = CELLS[Math.min(Math.trunc(light * 4096), 4096)]!;
  while (light >= LEAST[byte + 1]!) byte++;
  return byte;
}
