import { createApp } from './app.ts';
import type { Env } from './config.ts';
import { restorerFor, startEngine } from './engine.ts';
import { Gate } from './gate.ts';
import { type Batch, consume } from './jobs/consume.ts';

export { Job } from './jobs/job.ts';

// One for the whole isolate, whose memory its requests and its queue share.
const gate = new Gate();
const app = createApp({ restorerFor, startEngine, gate });

export default {
  fetch: app.fetch,
  queue: (batch: Batch, env: Env) => consume(batch, env, { restorerFor }, gate),
};
