import { diagnose } from '@pellucid/core';
import { createApp } from './app.ts';
import type { Env } from './config.ts';
import { restorerFor, startEngine } from './engine.ts';
import { Gate } from './gate.ts';
import { type Batch, consume } from './jobs/consume.ts';

export { Job } from './jobs/job.ts';

// One for the whole isolate, whose memory its requests and its queue share.
const gate = new Gate();
const studio = { restorerFor, detect: diagnose };
const app = createApp({ ...studio, startEngine, gate });

export default {
  fetch: app.fetch,
  queue: (batch: Batch, env: Env) => consume(batch, env, studio, gate),
};
