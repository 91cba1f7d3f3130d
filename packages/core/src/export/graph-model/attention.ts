import { kept } from '../../network/ops/channel-attention.ts';
import { dctMatrix } from '../../network/ops/dct.ts';
import type { Emitters, NodeOf } from '../emitter.ts';
import { seamMasks, windowBias } from '../windows.ts';
import { attribute, type GraphModelBuilder } from './builder.ts';
import { sizeOf, unit } from './pointwise.ts';
import { toFloat } from './resampling.ts';

export const attention: Emitters<GraphModelBuilder> = {
  'channel-attention': (to, node, [qkv]) =>
    mixChannels(to, node, qkv!, (agreement) => to.op('Softmax', [agreement])),

  'sparse-channel-attention': (to, node, [qkv]) =>
    mixChannels(to, node, qkv!, (agreement) => {
      const mixtures = kept.map((part, index) => {
        const count = Math.trunc((node.channels / node.heads) * part);
        const share = to.weight(`${node.name}.attn${index + 1}`, [1]);
        return to.op('Mul', [strongestSoftmax(to, agreement, count), share]);
      });
      return to.op('AddN', mixtures, { N: attribute.int(mixtures.length) });
    }),

  'window-attention': (to, node, [qkv]) => {
    const { name, window, heads, shift, channels } = node;
    const size = window * window;
    const tokens = toWindows(to, qkv!, window, 3 * channels);
    const part = (index: number) => {
      const sliced = to.sliceLast(tokens, 3, index * channels, channels);
      return to.transpose(to.reshape(sliced, -1, size, heads, channels / heads), 0, 2, 1, 3);
    };
    const query = to.op('Mul', [part(0), to.float((channels / heads) ** -0.5)]);
    let logits = to.matMul(query, part(1), 'b');
    const table = `${name}.relative_position_bias_table`;
    const bias = to.floats(table, windowBias(to.values(table), node), [heads, size, size]);
    logits = to.op('AddV2', [logits, bias]);
    if (shift > 0) {
      const byPhotograph = to.reshape(logits, to.size(qkv!, 0), -1, heads, size * size);
      const masked = to.op('AddV2', [byPhotograph, shiftMask(to, qkv!, node)]);
      logits = to.reshape(masked, -1, heads, size, size);
    }
    const mixed = to.matMul(to.op('Softmax', [logits]), part(2));
    const merged = to.reshape(to.transpose(mixed, 0, 2, 1, 3), -1, size, channels);
    return fromWindows(to, merged, window, qkv!, channels);
  },

  'window-offset': (to, { name, window, channels }, [x]) => {
    const offsets = to.weight(`${name}.weight`, [1, window, 1, window * channels]);
    const bands = to.reshape(x!, -1, window, windowsAcross(to, x!, window), window * channels);
    return to.op('Reshape', [to.op('AddV2', [bands, offsets]), sizeOf(to, x!, channels)]);
  },

  'window-dct': (to, { window, inverse, channels }, [x]) => {
    const size = window * window;
    const matrix = to.floats(`dct_${window}_${inverse}`, dctMatrix(window, inverse), [1, size, size]);
    const tokens = toWindows(to, x!, window, channels);
    return fromWindows(to, to.matMul(matrix, tokens), window, x!, channels);
  },
};

/** Softmax over the `count` largest of the last axis; the others are 0. */
function strongestSoftmax(to: GraphModelBuilder, logits: string, count: number): string {
  const strongest = to.op('TopKV2', [logits, to.int(count)], { sorted: attribute.bool(true) });
  const chosen = to.op('GreaterEqual', [logits, to.reduce('Min', strongest, 3)]);
  return to.op('Softmax', [to.op('SelectV2', [chosen, logits, to.float(-1e9)])]);
}

function mixChannels(
  to: GraphModelBuilder,
  { name, heads, channels }: NodeOf<'channel-attention' | 'sparse-channel-attention'>,
  qkv: string,
  attend: (agreement: string) => string,
): string {
  const part = (index: number) => {
    const sliced = to.sliceLast(qkv, 4, index * channels, channels);
    return to.transpose(to.reshape(sliced, to.size(qkv, 0), -1, heads, channels / heads), 0, 2, 1, 3);
  };
  const agreement = to.matMul(unit(to, part(0), 2), unit(to, part(1), 2), 'a');
  const temperature = to.weight(`${name}.temperature`, [heads, 1, 1]);
  const mixed = to.matMul(part(2), attend(to.op('Mul', [agreement, temperature])), 'b');
  return to.op('Reshape', [to.transpose(mixed, 0, 2, 1, 3), sizeOf(to, qkv, channels)]);
}

/** [1, windows, 1, window^2 * window^2] */
function shiftMask(to: GraphModelBuilder, qkv: string, node: NodeOf<'window-attention'>): string {
  const { row, column, corner } = seamMasks(node);
  const pairs = row.length;
  const mask = (name: string, values: Float32Array) =>
    to.floats(`seam_${name}_${node.window}_${node.shift}_${node.tokens}`, values, [pairs]);
  const isLast = (axis: number, ...shape: number[]) => {
    const count = to.op('FloorDiv', [to.size(qkv, axis), to.int(node.window)]);
    const indices = to.op('Range', [to.int(0), count, to.int(1)], { Tidx: attribute.type('DT_INT32') });
    return to.reshape(toFloat(to, to.op('Equal', [indices, to.op('Sub', [count, to.int(1)])])), ...shape);
  };
  const lastRow = isLast(1, -1, 1, 1);
  const lastColumn = isLast(2, -1, 1);
  const rows = to.op('Mul', [lastRow, mask('row', row)]);
  const columns = to.op('Mul', [lastColumn, mask('column', column)]);
  const both = to.op('Mul', [to.op('Mul', [lastRow, lastColumn]), mask('corner', corner)]);
  return to.reshape(to.op('AddV2', [to.op('AddV2', [rows, columns]), both]), 1, -1, 1, pairs);
}

/** NHWC -> [windows, window^2, channels] */
function toWindows(to: GraphModelBuilder, x: string, window: number, channels: number): string {
  const bands = to.reshape(x, -1, window, windowsAcross(to, x, window), window * channels);
  return to.reshape(to.transpose(bands, 0, 2, 1, 3), -1, window * window, channels);
}

/** The inverse of `toWindows`, to `like`'s batch and size. */
function fromWindows(
  to: GraphModelBuilder,
  tokens: string,
  window: number,
  like: string,
  channels: number,
): string {
  const bands = to.reshape(tokens, -1, windowsAcross(to, like, window), window, window * channels);
  return to.op('Reshape', [to.transpose(bands, 0, 2, 1, 3), sizeOf(to, like, channels)]);
}

function windowsAcross(to: GraphModelBuilder, x: string, window: number): string {
  return to.op('FloorDiv', [to.size(x, 2), to.int(window)]);
}
