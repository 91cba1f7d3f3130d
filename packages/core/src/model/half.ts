/**
 * IEEE 754 binary16. Not every runtime that serves a model has Float16Array yet, so the two conversions are written
 * out; both are exact, and rounding is to nearest, ties to even.
 */

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Rounds to float16 bit patterns; values beyond 65504 become infinity. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    float[0] = value;
    const bits = word[0]!;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = Math.abs(value);
    if (Number.isNaN(value)) return 0x7e00;
    if (magnitude >= 65520) return sign | 0x7c00;
    // Below the smallest normal half a step is 2^-24.
    if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
    const exponent = (bits >>> 23) & 0xff;
    const step = 2 ** (exponent - 127 - 10);
    // The mantissa's carry on rounding up flows into the exponent, as it should.
    return sign | (((exponent - 112) << 10) + roundToEven(magnitude / step) - 1024);
  });
}

/**
 * Rounds values to `bits` of mantissa, ties to even. In float16, which has ten, the others are then 0, and compress to
 * nothing.
 */
export function shorten(values: Float32Array, bits: number): Float32Array {
  const words = Uint32Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));
  const dropped = 23 - bits;
  for (const [index, word] of words.entries()) {
    const odd = (word >>> dropped) & 1;
    words[index] = ((word + 2 ** (dropped - 1) - 1 + odd) >>> dropped) << dropped;
  }
  return new Float32Array(words.buffer);
}

/** Widens a float16 bit pattern. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
