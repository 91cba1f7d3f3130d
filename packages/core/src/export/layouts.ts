/**
 * Where each channel is read from when the channels, lying in `groups` equal groups, are dealt out one from each group
 * in turn. A folded block in the order `position` gets the order `channel` with a group for each position, and the other
 * way around with a group for each channel.
 */
export function interleaved(channels: number, groups: number): number[] {
  return Array.from(
    { length: channels },
    (_, index) => (index % groups) * (channels / groups) + Math.floor(index / groups),
  );
}
