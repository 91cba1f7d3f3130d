import type { Orientation } from './exif.ts';

export type ImageFormat = 'png' | 'jpeg' | 'webp';

/** An ICC profile in pieces, as a JPEG has it, or compressed, as a PNG has it. */
export interface StoredProfile {
  parts: Uint8Array[];
  deflated: boolean;
}

/** What an image says of itself before any pixel is decoded. */
export interface ImageHeader {
  format: ImageFormat;
  /** As stored, in pixels: the orientation has not been applied. */
  width: number;
  height: number;
  /** Bits in a sample, 1 to 16. */
  bitDepth: number;
  /** Colour components as stored: 4 in a JPEG is CMYK. */
  components: number;
  alpha: boolean;
  /** Whether the file itself says that there is no colour: not a palette that happens to be grey. */
  grey: boolean;
  animated: boolean;
  orientation: Orientation;
  /** Scans of a progressive JPEG; 1 elsewhere. */
  scans: number;
  /** Whether the file stores its colour at half the resolution on both axes. */
  subsampled: boolean;
  /** The embedded colour profile as it lies in the file. */
  profile?: StoredProfile;
  /** Whether the file holds more than a picture and its colour profile: EXIF, comments, bytes behind the end. */
  extras: boolean;
}
