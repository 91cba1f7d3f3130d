/** A part of an axis that is given to the network, and the part of its output that is kept. */
export interface Segment {
  /** First position and length of what the network sees. */
  from: number;
  length: number;
  /** First position and length of what is kept; consecutive segments keep each position exactly once. */
  keepFrom: number;
  keepLength: number;
}

/**
 * Cuts an axis of `length` positions into windows of equal size that overlap by the receptive field, so that every
 * kept output position sees exactly the input that it would see in the whole image. At the image's own ends a window
 * has no halo: the network's zero padding falls where it falls on the whole image.
 *
 * @param length multiple of `alignment`
 * @param window what the network may see at once, multiple of `alignment` and more than the halos
 * @param before, after the receptive field, each rounded up to a multiple of `alignment` here
 */
export function segments(
  length: number,
  window: number,
  { before, after }: { before: number; after: number },
  alignment: number,
): Segment[] {
  if (length <= window) return [{ from: 0, length, keepFrom: 0, keepLength: length }];
  const left = Math.ceil(before / alignment) * alignment;
  const right = Math.ceil(after / alignment) * alignment;
  const cuts: Segment[] = [];
  let kept = 0;
  while (kept < length) {
    // The last window is moved back inside the image, so that all have one size and kernels meet one shape.
    const from = Math.max(0, Math.min(kept - left, length - window));
    const end = from + window;
    const keepEnd = end === length ? length : end - right;
    cuts.push({ from, length: window, keepFrom: kept, keepLength: keepEnd - kept });
    kept = keepEnd;
  }
  return cuts;
}
