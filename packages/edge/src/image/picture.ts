import { type Raster, whiteLevel } from '@pellucid/core';

/** An upright image between decoding and encoding. */
export interface Picture extends Raster {
  /** Set where the file had no colour, and the restored one is to have none: the three colours of a pixel are equal. */
  grey?: boolean;
  /** The ICC profile that says what the samples mean; they are sRGB without one. */
  profile?: Uint8Array<ArrayBuffer>;
}

/** Makes the three colours of each pixel their mean, in place: a network gives a grey picture a trace of colour. */
export function removeColour({ channels, data }: Raster): void {
  const rounding = whiteLevel(data) === 1 ? 0 : 0.5;
  for (let i = 0; i < data.length; i += channels) {
    const mean = (data[i]! + data[i + 1]! + data[i + 2]!) / 3;
    data.fill(rounding ? Math.floor(mean + rounding) : mean, i, i + 3);
  }
}

/** Mixes an image of the same size and type into a restored one, in place: 0 is all `original`, 1 all restored. */
export function blend(restored: Raster, original: Raster, strength: number): void {
  const to = restored.data;
  const from = original.data;
  const rounding = whiteLevel(to) === 1 ? 0 : 0.5;
  for (let i = 0; i < to.length; i++) {
    const value = from[i]! + (to[i]! - from[i]!) * strength;
    to[i] = rounding ? Math.floor(value + rounding) : value;
  }
}

/** Brings 16 bits down to 8, for encoders that know no more: half the memory, when memory is shortest. */
export function toBytes(raster: Raster): Raster {
  const { data } = raster;
  if (!(data instanceof Uint16Array)) return raster;
  const bytes = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = data[i]! * (255 / 65535);
  return { ...raster, data: bytes };
}
