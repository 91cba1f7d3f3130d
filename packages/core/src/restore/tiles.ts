import { PellucidError } from '../errors.ts';
import { peakMemory } from '../network/cost.ts';
import type { Graph } from '../network/graph.ts';
import { receptiveField, type Statistics } from '../network/receptive-field.ts';
import { streams, stripMemory } from '../network/strips.ts';

/** A part of an axis that is given to the network, and the part of its output that is kept. */
export interface Segment {
  /** First position and length of what the network sees. */
  from: number;
  length: number;
  /** First position and length of what is kept; consecutive segments keep each position exactly once. */
  keepFrom: number;
  keepLength: number;
}

/** How far windows overlap: what the network needs to see before and after what is kept, multiples of the alignment. */
export interface Halo {
  before: number;
  after: number;
}

/** The halo of a network: its receptive field, as aligned as the windows are. */
export function haloOf(graph: Graph, statistics?: Statistics): Halo {
  const { before, after } = receptiveField(graph, statistics);
  const align = (length: number) => Math.ceil(length / graph.alignment) * graph.alignment;
  return { before: align(before), after: align(after) };
}

/** Tiles are the pairs of a row segment and a column segment; all have one size, so kernels meet one shape. */
export interface TilePlan {
  rows: Segment[];
  columns: Segment[];
  /** Rows of a tile that the network works on at a time; all of them where it does not stream. */
  strip: number;
}

/** Rows that the convolution kernels make at a time. */
const KERNEL_ROWS = 4;

/** What a strip costs the edge students beside the work on its rows, in rows. */
const ROWS_A_STRIP = 4;

/**
 * Cuts a photograph into the tiles that cost the network least work, each within a memory budget.
 *
 * The halos are the receptive field, so every kept output pixel sees exactly the input that it would see in the whole
 * photograph, and tiled output equals whole output. A network that streams takes a tile of any height in strips, so it
 * needs no halo above and below, nor, where a strip of the photograph's width fits, any at all.
 *
 * @param width, height of the photograph in pixels, at least 1; tiles may reach beyond it, up to the alignment
 * @param memory bytes that the feature maps of one tile may take
 * @param statistics where the statistics of a network that looks at the whole photograph come from: from the `whole`,
 *   which then must fit in one tile, or from each `tile`
 * @throws PellucidError `restore/memory-too-small` when not even the smallest tile fits,
 *   `restore/needs-whole-photograph` when the network must see all of a photograph that does not fit
 */
export function planTiles(
  graph: Graph,
  width: number,
  height: number,
  memory: number,
  statistics: Statistics = 'whole',
): TilePlan {
  const { alignment } = graph;
  const align = (length: number) => Math.ceil(length / alignment) * alignment;
  const halo = haloOf(graph, statistics);
  const [wide, high] = [align(width), align(height)];
  if (streams(graph)) return planStrips(graph, [wide, high], memory, halo);
  // Every feature map, and so the peak, grows in proportion to the tile's area.
  const largestArea = memory / (peakMemory(graph, alignment, alignment) / alignment ** 2);

  let best: { area: number; row: number; column: number } | undefined;
  for (const column of windows(wide, halo, alignment))
    for (const row of windows(high, halo, alignment)) {
      if (row.window * column.window > largestArea) continue;
      const area = row.count * row.window * column.count * column.window;
      if (!best || area < best.area) best = { area, row: row.window, column: column.window };
      // Shorter windows only add halos.
      break;
    }
  if (!best && halo.before === Infinity)
    throw new PellucidError(
      'restore/needs-whole-photograph',
      `This network looks at the whole photograph at once, and ${width} x ${height} pixels do not fit in ${Math.floor(memory / 2 ** 20)} MiB; raise the memory budget, or take its statistics from each tile, which changes the result a little.`,
    );
  if (!best) throw tooSmall(memory);
  return {
    rows: segments(high, best.row, halo),
    columns: segments(wide, best.column, halo),
    strip: best.row,
  };
}

/** The same for a network that streams. */
function planStrips(graph: Graph, [wide, high]: [number, number], memory: number, halo: Halo): TilePlan {
  let best: { cost: number; window: number; strip: number } | undefined;
  for (const { count, window } of windows(wide, halo, graph.alignment)) {
    // More windows mean taller strips, but also more halos.
    if (best && count * window >= best.cost) break;
    const strip = tallestStrip(graph, high, memory / window, halo.before + halo.after);
    if (strip === undefined) continue;
    const cost = count * window * (1 + ROWS_A_STRIP / strip);
    if (!best || cost < best.cost) best = { cost, window, strip };
  }
  if (!best) throw tooSmall(memory);
  return { rows: segments(high, high, halo), columns: segments(wide, best.window, halo), strip: best.strip };
}

function tooSmall(memory: number): PellucidError {
  return new PellucidError(
    'restore/memory-too-small',
    `A tile of this network does not fit in ${Math.floor(memory / 2 ** 20)} MiB; raise the memory budget.`,
  );
}

/**
 * The strip of the fewest that cover `height` within a budget, all of about one height; undefined where none fits.
 * Where it can, it is one that leaves the kernels no part of their rows at the lowest resolution.
 *
 * @param memory bytes for each column
 * @param latency rows that the network reads before it has made its first: after so many, each strip is like the last
 */
function tallestStrip(graph: Graph, height: number, memory: number, latency: number): number | undefined {
  for (const unit of [KERNEL_ROWS * graph.alignment, graph.alignment]) {
    const strip = (units: number) => Math.min(height, units * unit);
    let [fits, most] = [0, Math.ceil(height / unit)];
    while (fits < most) {
      const middle = Math.ceil((fits + most) / 2);
      const rows = Math.min(height, latency + 3 * strip(middle));
      if (stripMemory(graph, rows, strip(middle)) <= memory) fits = middle;
      else most = middle - 1;
    }
    if (fits === 0) continue;
    const count = Math.ceil(height / strip(fits));
    return strip(Math.ceil(height / count / unit));
  }
  return undefined;
}

/** For each number of windows along an axis, the shortest length that lets them cover it, the longest first. */
export function windows(
  length: number,
  { before, after }: Halo,
  alignment: number,
): { count: number; window: number }[] {
  const choices = [{ count: 1, window: length }];
  const overlap = before + after;
  // A window keeps at least one aligned block.
  for (let count = 2; count <= (length - overlap) / alignment; count++) {
    // The first window has no halo before it, the last none after it; each joint costs one of both.
    const window = Math.ceil((length + (count - 1) * overlap) / count / alignment) * alignment;
    if (window < choices.at(-1)!.window) choices.push({ count, window });
  }
  return choices;
}

/**
 * Cuts an axis of `length` positions into windows that overlap by the halos. At the photograph's own ends a window has
 * no halo: the network's zero padding falls where it falls on the whole photograph.
 *
 * @param window longer than both halos together, or than the axis
 */
export function segments(length: number, window: number, { before, after }: Halo): Segment[] {
  if (length <= window) return [{ from: 0, length, keepFrom: 0, keepLength: length }];
  const cuts: Segment[] = [];
  let kept = 0;
  while (kept < length) {
    // The last window is moved back inside the photograph, so that all have one size.
    const from = Math.max(0, Math.min(kept - before, length - window));
    const end = from + window;
    const keepEnd = end === length ? length : end - after;
    cuts.push({ from, length: window, keepFrom: kept, keepLength: keepEnd - kept });
    kept = keepEnd;
  }
  return cuts;
}
