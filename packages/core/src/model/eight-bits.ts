/**
 * Weights in eight bits: whole numbers from -127 to 127, times a scale for each output channel.
 */
import type { Graph } from '../network/graph.ts';

export interface EightBits {
  /** Whole numbers, the output channel last. */
  data: Float32Array;
  /** What those of each output channel are multiplied by. */
  scale: Float32Array;
}

/**
 * The names of the weights that bear eight bits: those of an encoder-decoder's convolutions, but for the first, which
 * reads the photograph, and for those above the last enlargement, which write it. Both are few, and an error of theirs
 * stands in the picture: what needs no restoring would no longer come out as it was.
 */
export function eightBits(graph: Graph): Set<string> {
  const convolutions = graph.nodes.filter((node) => node.op === 'conv');
  const finest = Math.min(...convolutions.map(({ stride }) => stride));
  const below = convolutions.findLastIndex(({ stride }) => stride > finest);
  return new Set(convolutions.slice(1, below + 1).map(({ name }) => `${name}.weight`));
}

/** Rounds to the nearest; the largest of each output channel is 127 times its scale. */
export function inEightBits(values: Float32Array, channels: number): EightBits {
  const scale = new Float32Array(channels);
  for (const [index, value] of values.entries())
    scale[index % channels] = Math.max(scale[index % channels]!, Math.abs(value) / 127);
  const data = values.map((value, index) => Math.round(value / (scale[index % channels]! || 1)));
  return { data, scale };
}

export function fromEightBits({ data, scale }: EightBits): Float32Array {
  return data.map((value, index) => value * scale[index % scale.length]!);
}
