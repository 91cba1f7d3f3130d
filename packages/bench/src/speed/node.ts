import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { PellucidError } from '@pellucid/core';
import type { Runtime } from './runtime.ts';
import type { Timing } from './stopwatch.ts';

/** A Node process of its own, so that what this one has already compiled and allocated does not count. */
export const node: Runtime = {
  async time(file, job) {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'node-child.ts')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(JSON.stringify({ file, job }));
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (code !== 0)
      throw new PellucidError('bench/no-runtime', `Timing ${file} in Node failed; --verbose says how.`, {
        cause: new Error(errors),
      });
    const timing = JSON.parse(output) as Timing;
    // A process's clock starts with it.
    return { timing, version: `Node ${process.versions.node}`, coldStartMilliseconds: timing.firstRestored };
  },
};
