import { loadModel } from '@pellucid/trainer';
import type { Candidate } from '../candidate.ts';
import { candidates, locateModel, releasedModels } from '../models.ts';
import { words } from '../options.ts';
import { classics } from '../peers/classic.ts';
import { PeerCache } from '../peers/install.ts';
import { maxims } from '../peers/maxim.ts';
import { onnxCandidates } from '../peers/onnx.ts';
import { upscalers } from '../peers/upscaler.ts';
import type { Suite } from '../suite.ts';
import { measureAll } from './quality.ts';

/** The same photographs, on the same machine, in the same run: this project's models and what else people use. */
export const peers: Suite = {
  description:
    'Our models beside UpscalerJS, MAXIM, onnxruntime, the filters of libvips and networks of others',
  options: [
    'data',
    'dataset',
    'task',
    'model',
    'sigma',
    'scale',
    'quality',
    'limit',
    'seed',
    'engine',
    'cache',
  ],
  async run(options, session) {
    const cache = new PeerCache(options.cache);
    const names = options.model === undefined ? undefined : words(options.model);
    const ours = await candidates(names);
    const files = names?.filter((name) => !name.includes(':')) ?? (await releasedModels());
    const exported: Candidate[] = [];
    for (const name of files)
      exported.push(...onnxCandidates(await loadModel(await locateModel(name)), cache));
    session.report.peers = [];
    const field = [...ours, ...exported, ...classics(), ...upscalers(cache), ...maxims(cache)];
    await measureAll(field, options, session, session.report.peers);
  },
};
