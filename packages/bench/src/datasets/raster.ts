import { type Raster, resizeBicubic, whiteLevel } from '@pellucid/core';

/** RGB floats in 0..1; alpha is left out, since nothing measured here restores it. */
export function toFloat({ width, height, channels, data }: Raster): FloatRaster {
  const white = whiteLevel(data);
  const floats = new Float32Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 3; channel++)
      floats[3 * pixel + channel] = data[channels * pixel + channel]! / white;
  return { width, height, channels: 3, data: floats };
}
export type FloatRaster = Raster & { channels: 3; data: Float32Array };

/** A rectangle of a raster, copied. */
export function window(
  { width, data }: FloatRaster,
  left: number,
  top: number,
  columns: number,
  rows: number,
): FloatRaster {
  const cut = new Float32Array(columns * rows * 3);
  for (let y = 0; y < rows; y++) {
    const from = 3 * ((top + y) * width + left);
    cut.set(data.subarray(from, from + 3 * columns), 3 * y * columns);
  }
  return { width: columns, height: rows, channels: 3, data: cut };
}

/** Without the last rows and columns beyond a multiple of `scale`: "modcrop" in the papers' scripts. */
export function cropToMultiple(image: FloatRaster, scale: number): FloatRaster {
  const { width, height } = image;
  return window(image, 0, 0, width - (width % scale), height - (height % scale));
}

/** What an 8-bit file would hold. */
export function toBytes(image: Raster): Raster & { channels: 3; data: Uint8Array } {
  const { width, height, data } = toFloat(image);
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from(data, (value) => Math.round(255 * Math.min(Math.max(value, 0), 1))),
  };
}

/** Resized by MATLAB's bicubic, in 8 bits from end to end as MATLAB works on 8-bit files. */
export function bicubic(image: Raster, scale: number): FloatRaster {
  return toFloat(resizeBicubic(toBytes(image), scale));
}
