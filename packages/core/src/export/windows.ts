import { dctMatrix } from '../network/ops/dct.ts';
import { relativePositions } from '../network/ops/window-attention.ts';
import type { NodeOf } from './emitter.ts';

/** What the attention of a window adds to its logits wherever the window is: [heads, window^2, window^2]. */
export function windowBias(table: Float32Array, node: NodeOf<'window-attention'>): Float32Array {
  const positions = relativePositions(node.window);
  const pairs = positions.length;
  // Without a shift the map of regions has one value, which parts no positions but does part frequencies.
  const mask = node.shift === 0 ? maskOf(node, () => 4) : new Float32Array(pairs);
  return Float32Array.from(
    { length: node.heads * pairs },
    (_, index) =>
      table[positions[index % pairs]! * node.heads + Math.floor(index / pairs)]! + mask[index % pairs]!,
  );
}

/**
 * What the attention of shifted windows adds to the logits [window^2, window^2] where the shift has brought both ends
 * of the feature together: in the last row of windows, in the last column, and, beside these two, in the window that is
 * in both. Anywhere else it adds nothing.
 */
export function seamMasks(node: NodeOf<'window-attention'>) {
  const region = (position: number) => (position < node.window - node.shift ? 1 : 2);
  const row = maskOf(node, (row) => 3 * region(row));
  const column = maskOf(node, (_, column) => region(column));
  const corner = maskOf(node, (row, column) => 3 * region(row) + region(column));
  return { row, column, corner: corner.map((value, index) => value - row[index]! - column[index]!) };
}

/** -100 for pairs of a window's positions, or frequencies, in which its map of regions differs; see window-attention.ts. */
function maskOf(
  { window, tokens }: NodeOf<'window-attention'>,
  region: (row: number, column: number) => number,
): Float32Array {
  const regions = Float64Array.from({ length: window * window }, (_, position) =>
    region(Math.floor(position / window), position % window),
  );
  const ids = tokens === 'positions' ? regions : frequencies(regions, window);
  return Float32Array.from({ length: ids.length ** 2 }, (_, pair) =>
    ids[Math.floor(pair / ids.length)] === ids[pair % ids.length] ? 0 : -100,
  );
}

/** The DCT of a window's values, in hundredths. */
function frequencies(values: Float64Array, window: number): Float64Array {
  const matrix = dctMatrix(window, false);
  return values.map((_, to) =>
    Math.round(
      100 * values.reduce((sum, value, from) => sum + value * matrix[to * values.length + from]!, 0),
    ),
  );
}
