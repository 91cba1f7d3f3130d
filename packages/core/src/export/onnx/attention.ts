import { kept } from '../../network/ops/channel-attention.ts';
import { dctMatrix } from '../../network/ops/dct.ts';
import type { Emitters, NodeOf } from '../emitter.ts';
import { seamMasks, windowBias } from '../windows.ts';
import type { OnnxBuilder } from './builder.ts';
import { sizeOf, sliceChannels, unit } from './pointwise.ts';

export const attention: Emitters<OnnxBuilder> = {
  'channel-attention': (to, node, [qkv]) =>
    mixChannels(to, node, qkv!, (agreement) => to.op('Softmax', [agreement], { axis: -1 })),

  'sparse-channel-attention': (to, node, [qkv]) =>
    mixChannels(to, node, qkv!, (agreement) => {
      const mixtures = kept.map((part, index) => {
        const count = Math.trunc((node.channels / node.heads) * part);
        const share = to.weight(`${node.name}.attn${index + 1}`, []);
        return to.op('Mul', [strongestSoftmax(to, agreement, count), share]);
      });
      return to.op('Sum', mixtures);
    }),

  'window-attention': (to, node, [qkv]) => {
    const { name, window, heads, shift, channels } = node;
    const size = window * window;
    const tokens = toWindows(to, qkv!, window, 3 * channels);
    const part = (index: number, perm: number[]) => {
      const sliced = to.op('Slice', [
        tokens,
        to.ints(index * channels),
        to.ints((index + 1) * channels),
        to.ints(4),
      ]);
      const byHead = to.op('Reshape', [sliced, to.ints(0, 0, 0, size, heads, channels / heads)]);
      return to.op('Transpose', [byHead], { perm });
    };
    const [byToken, byChannel] = [
      [0, 1, 2, 4, 3, 5],
      [0, 1, 2, 4, 5, 3],
    ];
    const query = to.op('Mul', [part(0, byToken), to.float((channels / heads) ** -0.5)]);
    let logits = to.op('MatMul', [query, part(1, byChannel)]);
    const table = `${name}.relative_position_bias_table`;
    const bias = to.floats(table, windowBias(to.values(table), node), [heads, size, size]);
    logits = to.op('Add', [logits, bias]);
    if (shift > 0) logits = to.op('Add', [logits, shiftMask(to, tokens, node)]);
    const mixed = to.op('MatMul', [to.op('Softmax', [logits], { axis: -1 }), part(2, byToken)]);
    const merged = to.op('Transpose', [mixed], { perm: byToken });
    return fromWindows(to, merged, window, channels);
  },

  'window-offset': (to, { name, window, channels }, [x]) => {
    const folded = to.op('SpaceToDepth', [x!], { blocksize: window });
    const offsets = to.weight(`${name}.weight`, [window * window * channels, 1, 1]);
    return to.op('DepthToSpace', [to.op('Add', [folded, offsets])], { blocksize: window });
  },

  'window-dct': (to, { window, inverse, channels }, [x]) => {
    const size = window * window;
    const matrix = to.floats(`dct_${window}_${inverse}`, dctMatrix(window, inverse), [size, size]);
    const tokens = toWindows(to, x!, window, channels);
    return fromWindows(to, to.op('MatMul', [matrix, tokens]), window, channels);
  },
};

/** Softmax over the `count` largest of the last axis; the others are 0. */
function strongestSoftmax(to: OnnxBuilder, logits: string, count: number): string {
  const strongest = to.op('TopK', [logits, to.ints(count)], {}, 2);
  const least = to.op('ReduceMin', [strongest, to.ints(-1)]);
  const chosen = to.op('GreaterOrEqual', [logits, least]);
  return to.op('Softmax', [to.op('Where', [chosen, logits, to.float(-1e9)])], { axis: -1 });
}

function mixChannels(
  to: OnnxBuilder,
  { name, heads, channels }: NodeOf<'channel-attention' | 'sparse-channel-attention'>,
  qkv: string,
  attend: (agreement: string) => string,
): string {
  // Positions run along the last axis: [n, heads, channels of a head, h * w].
  const part = (index: number) =>
    to.op('Reshape', [
      sliceChannels(to, qkv, index * channels, channels),
      to.ints(0, heads, channels / heads, -1),
    ]);
  const keys = to.op('Transpose', [unit(to, part(1), -1)], { perm: [0, 1, 3, 2] });
  const agreement = to.op('MatMul', [unit(to, part(0), -1), keys]);
  const temperature = to.weight(`${name}.temperature`, [heads, 1, 1]);
  const mixed = to.op('MatMul', [attend(to.op('Mul', [agreement, temperature])), part(2)]);
  return to.op('Reshape', [mixed, sizeOf(to, qkv, channels)]);
}

/** [rows of windows, columns of windows, 1, window^2, window^2] */
function shiftMask(to: OnnxBuilder, tokens: string, node: NodeOf<'window-attention'>): string {
  const { row, column, corner } = seamMasks(node);
  const size = node.window ** 2;
  const mask = (name: string, values: Float32Array) =>
    to.floats(`seam_${name}_${node.window}_${node.shift}_${node.tokens}`, values, [size, size]);
  const isLast = (dimension: number, shape: number[]) => {
    const count = to.op('Squeeze', [to.op('Shape', [tokens], { start: dimension, end: dimension + 1 })]);
    const indices = to.op('Range', [to.int(0), count, to.int(1)]);
    const last = to.op('Equal', [indices, to.op('Sub', [count, to.int(1)])]);
    return to.op('Reshape', [to.op('Cast', [last], { to: 1 }), to.ints(...shape)]);
  };
  const lastRow = isLast(1, [-1, 1, 1, 1, 1]);
  const lastColumn = isLast(2, [-1, 1, 1, 1]);
  return to.op('Sum', [
    to.op('Mul', [lastRow, mask('row', row)]),
    to.op('Mul', [lastColumn, mask('column', column)]),
    to.op('Mul', [to.op('Mul', [lastRow, lastColumn]), mask('corner', corner)]),
  ]);
}

/** NCHW -> [n, rows of windows, columns of windows, window^2, channels] */
function toWindows(to: OnnxBuilder, x: string, window: number, channels: number): string {
  const folded = to.op('SpaceToDepth', [x], { blocksize: window });
  const last = to.op('Transpose', [folded], { perm: [0, 2, 3, 1] });
  return to.op('Reshape', [last, to.ints(0, 0, 0, window * window, channels)]);
}

/** The inverse of `toWindows`. */
function fromWindows(to: OnnxBuilder, tokens: string, window: number, channels: number): string {
  const merged = to.op('Reshape', [tokens, to.ints(0, 0, 0, window * window * channels)]);
  const first = to.op('Transpose', [merged], { perm: [0, 3, 1, 2] });
  return to.op('DepthToSpace', [first], { blocksize: window });
}
