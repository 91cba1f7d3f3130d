import {
  createDegradation,
  type DegradationSettings,
  psnr,
  Random,
  type Raster,
  type Restorer,
  ssim,
  whiteLevel,
} from '@pellucid/core';

export interface Photograph {
  file: string;
  raster: Raster;
}

export interface Measured {
  file: string;
  width: number;
  height: number;
  input: { psnr: number; ssim: number };
  output: { psnr: number; ssim: number };
  milliseconds: number;
}

/** How every figure here is measured; printed with each report. */
export const metricProtocol =
  'PSNR and SSIM on RGB, no border crop; noise neither clipped nor rounded, restored image clipped and rounded to 8 bits';

/**
 * Degrades a clean photograph, restores it and measures both against the truth.
 *
 * The degradation's randomness depends on the seed and the file's name alone, so a photograph gets the same noise
 * whichever others stand beside it.
 */
export async function measure(
  restorer: Restorer,
  { file, raster }: Photograph,
  degradation: DegradationSettings,
  seed: number,
): Promise<Measured> {
  const clean = toFloat(raster);
  const random = new Random(seed).fork(file);
  const degraded: Raster = {
    ...clean,
    data: createDegradation(degradation).apply(clean.data, clean.width, clean.height, random),
  };
  const start = performance.now();
  const restored = await restorer.restore(degraded);
  const milliseconds = performance.now() - start;
  const compare = (image: Raster, round: boolean) => {
    const options = { channel: 'RGB', crop: 0, round } as const;
    return { psnr: psnr(image, clean, options), ssim: ssim(image, clean, options) };
  };
  return {
    file,
    width: raster.width,
    height: raster.height,
    input: compare(degraded, false),
    output: compare(restored, true),
    milliseconds,
  };
}

/** RGB floats in 0..1; alpha is left out, since nothing here restores it. */
function toFloat({ width, height, channels, data }: Raster): Raster & { data: Float32Array } {
  const white = whiteLevel(data);
  const floats = new Float32Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 3; channel++)
      floats[3 * pixel + channel] = data[channels * pixel + channel]! / white;
  return { width, height, channels: 3, data: floats };
}
