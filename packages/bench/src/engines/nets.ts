import { type Feature, type Graph, macsPerPixel, type Ops, trace } from '@pellucid/core';

/** A network to time: what it is made of decides which part of an engine it tries. */
export interface Net {
  description: string;
  graph: Graph;
}

/** Plain 3x3 convolutions: bound by arithmetic. */
function residual(ops: Ops, photograph: Feature): Feature {
  const conv = (x: Feature, name: string, channels: number, activation: 'none' | 'relu' = 'none') =>
    ops.conv(x, { name, channels, kernel: 3, activation });
  let x = conv(photograph, 'head', 32);
  for (let block = 0; block < 4; block++) {
    const inner = conv(x, `${block}.a`, 32, 'relu');
    x = ops.add(x, conv(inner, `${block}.b`, 32));
  }
  return ops.add(conv(x, 'tail', 3), photograph);
}

/** Many kinds of small operation, as NAFNet has them (Chen et al. 2022): bound by memory and by what a call costs. */
function gated(ops: Ops, photograph: Feature): Feature {
  const conv = (x: Feature, name: string, channels: number, kernel = 1) =>
    ops.conv(x, { name, channels, kernel });
  const block = (x: Feature, name: string): Feature => {
    const width = x.channels;
    const normal = ops.layerNorm(x, { name: `${name}.norm1`, epsilon: 1e-6 });
    const wide = ops.depthwise(conv(normal, `${name}.1`, 2 * width), { name: `${name}.2`, kernel: 3 });
    const gatedOnce = ops.gate(wide);
    const attention = conv(ops.globalPool(gatedOnce, 'mean'), `${name}.sca`, width);
    const y = ops.add(x, conv(ops.multiply(gatedOnce, attention), `${name}.3`, width));
    const again = ops.layerNorm(y, { name: `${name}.norm2`, epsilon: 1e-6 });
    return ops.add(y, conv(ops.gate(conv(again, `${name}.4`, 2 * width)), `${name}.5`, width));
  };
  const down = (x: Feature, name: string) => conv(ops.spaceToDepth(x, 2), name, 2 * x.channels);
  const up = (x: Feature, name: string) => ops.depthToSpace(conv(x, name, 2 * x.channels), 2);
  const first = block(conv(photograph, 'head', 16, 3), 'encoder1');
  const second = block(down(first, 'down1'), 'encoder2');
  const middle = block(down(second, 'down2'), 'middle');
  const third = block(ops.add(up(middle, 'up2'), second), 'decoder2');
  const last = block(ops.add(up(third, 'up1'), first), 'decoder1');
  return ops.add(conv(last, 'tail', 3, 3), photograph);
}

export const nets = {
  a: { description: '8 layers of 3x3 over 32 channels between a head and a tail', graph: trace(residual) },
  b: { description: 'NAFNet-like U-Net, width 16, 5 blocks', graph: trace(gated) },
} satisfies Record<string, Net>;

export type NetName = keyof typeof nets;

/** A single 3x3 convolution, for forward runs. */
export function singleConvolution(channels: number): Graph {
  return trace((ops, x) => ops.conv(x, { name: 'conv', channels, kernel: 3 }), channels);
}

/** FLOPs of a training step: two a multiply-accumulate, and gradients to input and weights cost a forward run each. */
export function stepFlops(graph: Graph, patches: number, patch: number): number {
  return 3 * 2 * macsPerPixel(graph) * patches * patch * patch;
}
