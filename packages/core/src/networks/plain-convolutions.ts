import type { Feature, Ops } from '../network/trace.ts';

/**
 * `depth` convolutions one after another, ReLUs between them, named `model.0`, `model.2`, ... as KAIR's sequences of
 * both are. Taps `head`, `body<i>`.
 */
export function plainConvolutions(
  ops: Ops,
  input: Feature,
  { width, depth, channels }: { width: number; depth: number; channels: number },
): Feature {
  let x = input;
  for (let index = 0; index < depth - 1; index++) {
    x = ops.conv(x, { name: `model.${2 * index}`, kernel: 3, channels: width, activation: 'relu' });
    ops.tap(x, index === 0 ? 'head' : `body${index - 1}`);
  }
  return ops.conv(x, { name: `model.${2 * (depth - 1)}`, kernel: 3, channels });
}
