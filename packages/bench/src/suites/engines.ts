import { benchEngines } from '../engines/index.ts';
import { numberOf } from '../options.ts';
import type { Suite } from '../suite.ts';

/** How fast the engines train and infer, against one another and against what bounds them. */
export const engines: Suite = {
  description: 'Training steps and convolutions of every engine, and of onnxruntime',
  options: ['rounds', 'cache'],
  async run(options, session) {
    const rounds = numberOf('rounds', options.rounds, (value) => Number.isInteger(value) && value > 0);
    session.report.engines = await benchEngines({ rounds, cache: options.cache, note: console.log });
    await session.save();
  },
};
