import { enlargement, type Model, macsPerPixel, parameters, type Raster, Restorer } from '@pellucid/core';
import type { Condition, Task } from './datasets/protocol.ts';

/** What is measured: anything that turns a degraded photograph into a restored one. */
export interface Candidate {
  name: string;
  task: Task;
  /** What its output's sides are longer by: 1, or the factor of super-resolution. */
  scale: number;
  /** The sets that it was trained for, where that is all it can do; tables leave it out elsewhere. */
  only?: readonly string[];
  /** The one noise level that it was trained for, 0..255; left out of tables of other levels. */
  sigma?: number;
  /** Whether it must be told the noise level, which no camera's files say. */
  told?: boolean;
  /** What its authors published, for a reader to hold against the figure. */
  published?: string;
  cost?: { parameters: number; macsPerPixel: number };
  /** What a visitor's browser downloads for it: weights, and the WebAssembly that runs them. */
  bytes?: number;
  /** Starts it; what it holds is freed by `dispose`. */
  open(): Promise<Opened>;
}

export interface Opened {
  /** RGB floats in 0..1 in and out; rejects with a PellucidError when this photograph cannot be restored. */
  restore(image: Raster, condition: Condition): Promise<Raster>;
  dispose(): void | Promise<void>;
}

/** Whether a candidate has a place in a table: same task, same scale, and nothing that it was not made for. */
export function fits(candidate: Candidate, task: Task, folder: string, condition: Condition): boolean {
  const { only, sigma, scale, told } = candidate;
  if (candidate.task !== task || (only && !only.some((name) => folder.startsWith(name)))) return false;
  if (condition.kind === 'bicubic') return scale === condition.scale;
  if (scale !== 1 || (told && condition.kind !== 'noise')) return false;
  return sigma === undefined || (condition.kind === 'noise' && condition.sigma === sigma);
}

/** Bytes that one tile's feature maps may take: a network that looks at the whole photograph needs it in one. */
const TILE_MEMORY = 2 ** 30;

/** A model as something to measure. */
export function modelCandidate(model: Model, more: Partial<Candidate> = {}): Candidate {
  return {
    name: model.name,
    task: model.task as Task,
    scale: enlargement(model.graph),
    told: model.graph.nodes.some(({ op }) => op === 'noise-level'),
    cost: { parameters: parameters(model.graph), macsPerPixel: macsPerPixel(model.graph) },
    ...more,
    open: async () => {
      const restorer = new Restorer(model, { memory: TILE_MEMORY });
      return {
        restore: (image, condition) => restorer.restore(image, noiseLevel(condition)),
        dispose: () => restorer.dispose(),
      };
    },
  };
}

function noiseLevel(condition: Condition): { noiseLevel?: number } {
  return condition.kind === 'noise' ? { noiseLevel: condition.sigma } : {};
}
