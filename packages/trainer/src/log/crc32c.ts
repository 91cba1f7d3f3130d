/** The reflected Castagnoli polynomial (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = (word >>> 1) ^ (word & 1 ? POLYNOMIAL : 0);
  return word;
});

/** CRC-32C, which is not the CRC-32 of zlib. */
export function crc32c(bytes: Uint8Array): number {
  let word = 0xffffffff;
  for (const byte of bytes) word = (word >>> 8) ^ table[(word ^ byte) & 0xff]!;
  return ~word >>> 0;
}

/** The checksum as TFRecord files keep it: rotated and shifted, so that a checksum of checksums stays a good one. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const word = crc32c(bytes);
  return (((word >>> 15) | (word << 17)) + 0xa282ead8) >>> 0;
}
