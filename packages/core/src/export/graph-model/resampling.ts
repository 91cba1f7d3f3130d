import type { Emitters } from '../emitter.ts';
import { interleaved } from '../layouts.ts';
import { attribute, type GraphModelBuilder } from './builder.ts';

export const resampling: Emitters<GraphModelBuilder> = {
  'global-pool': (to, { statistic }, [x]) => {
    const mean = to.reduce('Mean', x!, 1, 2);
    if (statistic === 'mean') return mean;
    const squares = to.op('Square', [to.op('Sub', [x!, mean])]);
    if (statistic === 'deviation') return to.op('Sqrt', [to.reduce('Mean', squares, 1, 2)]);
    const positions = to.op('Mul', [to.size(x!, 1), to.size(x!, 2)]);
    const freedom = to.op('Maximum', [to.op('Sub', [positions, to.int(1)]), to.int(1)]);
    return to.op('RealDiv', [to.reduce('Sum', squares, 1, 2), toFloat(to, freedom)]);
  },

  'block-pool': (to, { statistic, block }, [x]) => {
    const window = attribute.ints([1, block, block, 1]);
    return to.op(statistic === 'max' ? 'MaxPool' : 'AvgPool', [x!], {
      ksize: window,
      strides: window,
      padding: attribute.text('VALID'),
    });
  },

  'average-pool': (to, { kernel }, [x]) =>
    to.op('AvgPool', [x!], {
      ksize: attribute.ints([1, kernel, kernel, 1]),
      strides: attribute.ints([1, 1, 1, 1]),
      padding: attribute.text('SAME'),
    }),

  resize: (to, { method, factor }, [x]) => {
    const enlarged = (axis: number) => to.op('Mul', [to.size(x!, axis), to.int(factor)]);
    const type = method === 'nearest' ? 'ResizeNearestNeighbor' : 'ResizeBilinear';
    return to.op(type, [x!, to.shape(enlarged(1), enlarged(2))], {
      align_corners: attribute.bool(method === 'bilinear-corners'),
      half_pixel_centers: attribute.bool(method === 'bilinear'),
    });
  },

  'space-to-depth': (to, { block, order, channels }, [x]) => {
    const width = to.op('FloorDiv', [to.size(x!, 2), to.int(block)]);
    const rows = to.reshape(x!, -1, block, width, channels / block);
    const folded = to.reshape(to.transpose(rows, 0, 2, 1, 3), to.size(x!, 0), -1, width, channels);
    return order === 'position' ? folded : pick(to, folded, interleaved(channels, block * block));
  },

  'depth-to-space': (to, { block, order, channels }, [x]) => {
    const folded = order === 'position' ? x! : pick(to, x!, interleaved(channels * block * block, channels));
    return to.op('DepthToSpace', [folded], {
      block_size: attribute.int(block),
      data_format: attribute.text('NHWC'),
    });
  },

  'cyclic-shift': (to, { offset }, [x]) => roll(to, roll(to, x!, 1, offset), 2, offset),
};

/** An int32 as a float. */
export function toFloat(to: GraphModelBuilder, x: string): string {
  return to.op('Cast', [x], { DstT: attribute.type('DT_FLOAT') });
}

function pick(to: GraphModelBuilder, x: string, channels: number[]): string {
  return to.op('GatherV2', [x, to.ints(...channels), to.int(3)]);
}

/** A negative offset counts from the end, in TensorFlow as here. */
function roll(to: GraphModelBuilder, x: string, axis: number, offset: number): string {
  const bounds = to.ints(...[0, 1, 2, 3].map((each) => (each === axis ? offset : 0)));
  // A bit that is set leaves that axis unbounded.
  const [all, others] = [attribute.int(0b1111), attribute.int(0b1111 ^ (1 << axis))];
  const cut = (begin_mask: typeof all, end_mask: typeof all) =>
    to.op('StridedSlice', [x, bounds, bounds, to.ints(1, 1, 1, 1)], { begin_mask, end_mask });
  return to.op('ConcatV2', [cut(others, all), cut(all, others), to.int(axis)], { N: attribute.int(2) });
}
