const RIFF_HEADER = 12;
const CHUNK_HEADER = 8;
/** Of a key frame, before what is coded by bits: its tag, a code and the size (RFC 6386, section 9.1). */
const FRAME_HEADER = 10;

/**
 * Reads off a lossy WebP how coarsely it was stored: the index of its base quantiser, 0 (finest) to 127 (RFC 6386, section
 * 9.6).
 *
 * @param file the bytes of a file of any kind; the index stands behind the header of its first frame
 * @returns undefined where it is no WebP, or one that lost nothing
 */
export function webpQuantiser(file: Uint8Array): number | undefined {
  const name = (at: number) => String.fromCharCode(...file.subarray(at, at + 4));
  if (name(0) !== 'RIFF' || name(8) !== 'WEBP') return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = RIFF_HEADER; at + CHUNK_HEADER <= file.length; ) {
    const body = at + CHUNK_HEADER;
    if (name(at) === 'VP8 ') return baseQuantiser(file.subarray(body + FRAME_HEADER));
    const length = view.getUint32(at + 4, true);
    at = body + length + (length & 1);
  }
  return undefined;
}

/** Reads a frame's header as far as the index (RFC 6386, section 19.2): most of what stands before it is optional. */
function baseQuantiser(coded: Uint8Array): number | undefined {
  const bits = new EvenBits(coded);
  bits.read(2); // colour space, clamping
  const segmented = bits.read(1);
  if (segmented) {
    const map = bits.read(1);
    const data = bits.read(1);
    if (data) {
      bits.read(1);
      bits.skip(4, 8); // quantisers, signed
      bits.skip(4, 7); // filter levels, signed
    }
    if (map) bits.skip(3, 8);
  }
  bits.read(10); // the filter's kind, level and sharpness
  const adjusted = bits.read(1);
  const adjustedAnew = adjusted && bits.read(1);
  if (adjustedAnew) bits.skip(8, 7);
  bits.read(2); // partitions
  const index = bits.read(7);
  return bits.ended ? undefined : index;
}

/** The boolean decoder of VP8 where both values are as likely, as in all of a header up to the quantisers (RFC 6386, section 7). */
class EvenBits {
  readonly #bytes: Uint8Array;
  #at = 2;
  #value: number;
  #range = 255;
  #shifts = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#value = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  }

  /** Whether it was asked for more than there is. */
  get ended(): boolean {
    return this.#at > this.#bytes.length;
  }

  /** A number of so many bits, the highest first. */
  read(count: number): number {
    let number = 0;
    for (let i = 0; i < count; i++) number = 2 * number + this.#bit();
    return number;
  }

  /** Passes over numbers of so many bits, each behind a bit that says whether it is there. */
  skip(numbers: number, count: number): void {
    for (let i = 0; i < numbers; i++) if (this.read(1)) this.read(count);
  }

  #bit(): number {
    const split = 1 + ((this.#range - 1) >> 1);
    const bit = this.#value >= split << 8 ? 1 : 0;
    this.#range = bit ? this.#range - split : split;
    if (bit) this.#value -= split << 8;
    while (this.#range < 128) {
      this.#range <<= 1;
      this.#value <<= 1;
      this.#shifts += 1;
      if (this.#shifts % 8 === 0) this.#value |= this.#bytes[this.#at++] ?? 0;
    }
    return bit;
  }
}
