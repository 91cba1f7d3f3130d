import type { Raster } from '@pellucid/core';

/** More steps than two sides of an image have. */
const FAR = 65535;

/**
 * Replaces what lies under full transparency by the nearest visible colour, in place.
 *
 * A network looks beyond each pixel, so a colour that nobody sees would otherwise show along the visible edge, and with
 * it what an editor left there. Two sweeps hand the nearest colour on (Rosenfeld and Pfaltz, 1966).
 */
export function bleed({ width, height, channels, data }: Raster): void {
  if (channels !== 4) return;
  const pixels = width * height;
  const steps = new Uint16Array(pixels);
  let hidden = 0;
  for (let i = 0; i < pixels; i++) {
    if (data[4 * i + 3] !== 0) continue;
    steps[i] = FAR;
    data.fill(0, 4 * i, 4 * i + 3);
    hidden += 1;
  }
  if (hidden === 0 || hidden === pixels) return;
  const take = (to: number, from: number) => {
    if (steps[from]! + 1 >= steps[to]!) return;
    steps[to] = steps[from]! + 1;
    for (let c = 0; c < 3; c++) data[4 * to + c] = data[4 * from + c]!;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (steps[i] === 0) continue;
      if (x > 0) take(i, i - 1);
      if (y > 0) take(i, i - width);
    }
  }
  for (let y = height - 1, i = pixels - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--, i--) {
      if (steps[i] === 0) continue;
      if (x < width - 1) take(i, i + 1);
      if (y < height - 1) take(i, i + width);
    }
  }
}
