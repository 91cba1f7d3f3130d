import type { BlockOrder } from '../../network/ops/space-depth.ts';
import type { Emitters } from '../emitter.ts';
import { interleaved } from '../layouts.ts';
import type { OnnxBuilder } from './builder.ts';

export const resampling: Emitters<OnnxBuilder> = {
  'global-pool': (to, { statistic }, [x]) => {
    const mean = to.op('GlobalAveragePool', [x!]);
    if (statistic === 'mean') return mean;
    const centred = to.op('Sub', [x!, mean]);
    const squares = to.op('Mul', [centred, centred]);
    if (statistic === 'deviation') return to.op('Sqrt', [to.op('GlobalAveragePool', [squares])]);
    const sum = to.op('ReduceSum', [squares, to.ints(2, 3)]);
    const positions = to.op('ReduceProd', [to.op('Shape', [x!], { start: 2 })], { keepdims: 0 });
    const freedom = to.op('Max', [to.op('Sub', [positions, to.int(1)]), to.int(1)]);
    return to.op('Div', [sum, to.op('Cast', [freedom], { to: 1 })]);
  },

  'block-pool': (to, { statistic, block }, [x]) =>
    to.op(statistic === 'max' ? 'MaxPool' : 'AveragePool', [x!], {
      kernel_shape: [block, block],
      strides: [block, block],
    }),

  'average-pool': (to, { kernel }, [x]) =>
    to.op('AveragePool', [x!], {
      kernel_shape: [kernel, kernel],
      pads: Array<number>(4).fill((kernel - 1) / 2),
    }),

  resize: (to, { method, factor }, [x]) =>
    to.op('Resize', [x!, '', to.floats(`scales_${factor}`, [1, 1, factor, factor], [4])], sampling[method]),

  // ONNX has SpaceToDepth in the order `position` alone.
  'space-to-depth': (to, { block, order, channels }, [x]) => {
    const folded = to.op('SpaceToDepth', [x!], { blocksize: block });
    if (order === 'position') return folded;
    return to.op('Gather', [folded, to.ints(...interleaved(channels, block * block))], { axis: 1 });
  },

  'depth-to-space': (to, { block, order }, [x]) =>
    to.op('DepthToSpace', [x!], { blocksize: block, mode: modes[order] }),

  'cyclic-shift': (to, { offset }, [x]) => roll(to, roll(to, x!, 2, offset), 3, offset),
};

const sampling = {
  nearest: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  bilinear: { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
  'bilinear-corners': { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
};

const modes: Record<BlockOrder, string> = { position: 'DCR', channel: 'CRD' };

/** A negative offset counts from the end, in ONNX as here. */
function roll(to: OnnxBuilder, x: string, axis: number, offset: number): string {
  const cut = (from: number, end: number) => to.op('Slice', [x, to.ints(from), to.ints(end), to.ints(axis)]);
  return to.op('Concat', [cut(offset, Number.MAX_SAFE_INTEGER), cut(0, offset)], { axis });
}
