/** Where converted checkpoints of others differ from our networks: names of layers, order of channels, batch norms. */
import type { NetworkConfig } from '../networks/index.ts';
import type { Weights } from '../networks/initial-weights.ts';

export interface ConvertedLayout {
  kind: NetworkConfig['kind'];
  /** Our name for a layer. */
  layer?(name: string): string;
  /** Whether a kernel goes by its layer's name alone. */
  bareKernels?: boolean;
  /** Rearranges, after the names, what is laid out otherwise; `s` and `t` are a batch norm's factor and offset. */
  mend?(weights: Weights): void;
  /** Whether its authors' script cuts the output to 8 bits where others round it, so that their figures include that. */
  truncates?: boolean;
}

/** By the beginning of a file's name. */
export const convertedLayouts: Readonly<Record<string, ConvertedLayout>> = {
  ffdnet: { kind: 'ffdnet', layer: everyOther, mend: rowsFirst },
  dncnn: { kind: 'dncnn', layer: everyOther },
  adnet: {
    kind: 'adnet',
    layer: (name) => (name === '3.1' ? 'conv3' : name === '16' ? 'conv1_16' : `conv1_${name}.0`),
  },
  dcbdnet: { kind: 'dcbdnet', bareKernels: true, mend: foldNorms },
  prenet: { kind: 'prenet', truncates: true },
  imdn: { kind: 'imdn' },
  smfap: { kind: 'smfanet' },
  pan: { kind: 'pan' },
};

/** In a sequence of convolutions with activations between them, PyTorch counts both. */
function everyOther(layer: string): string {
  return `model.${2 * Number(layer)}`;
}

/**
 * FFDNet's first release folds each 2x2 square column by column, KAIR's network and ours row by row: the second and
 * the third of each four channels change places where they enter and where they leave.
 */
function rowsFirst(weights: Weights): void {
  const layers = [...weights.keys()].map((name) => Number(name.split('.')[1]));
  const last = `model.${Math.max(...layers)}`;
  // The thirteenth channel that enters is the noise level.
  swapMiddle(weights, 'model.0.weight', 13, weights.get('model.0.bias')!.length);
  swapMiddle(weights, `${last}.weight`, 12, 1);
  swapMiddle(weights, `${last}.bias`, 12, 1);
}

/** Exchanges channels 1 and 2 of every four, along an axis of `channels` with `inner` values in each step. */
function swapMiddle(weights: Weights, name: string, channels: number, inner: number): void {
  const data = weights.get(name)!;
  const shift = (channel: number) => (channel < 12 ? [0, 1, -1, 0][channel % 4]! : 0);
  weights.set(
    name,
    data.map((_, i) => data[i + shift(Math.floor(i / inner) % channels) * inner]!),
  );
}

/**
 * Folds DCBDNet's batch norms, `bn2` after `conv2`, into the convolutions before them; those whose input is used twice
 * stay as layers of a factor and an offset.
 */
function foldNorms(weights: Weights): void {
  for (const [name, factor] of [...weights]) {
    if (!name.endsWith('.s')) continue;
    const norm = name.slice(0, -2);
    const offset = weights.get(`${norm}.t`)!;
    weights.delete(name);
    weights.delete(`${norm}.t`);
    if (/^m_bn[1-5]$/.test(norm)) {
      weights.set(`${norm}.weight`, factor).set(`${norm}.bias`, offset);
      continue;
    }
    const layer = norm.replace('fbn', 'fconv').replace('m_bn', 'm_dilatedconv').replace('bn', 'conv');
    const kernel = weights.get(`${layer}.weight`)!;
    const bias = weights.get(`${layer}.bias`) ?? new Float32Array(factor.length);
    weights.set(
      `${layer}.weight`,
      kernel.map((value, i) => value * factor[i % factor.length]!),
    );
    weights.set(
      `${layer}.bias`,
      bias.map((value, i) => value * factor[i]! + offset[i]!),
    );
  }
}
