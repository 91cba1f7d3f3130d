import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PellucidError, writeModel } from '@pellucid/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lackingBrowser, untrained } from '../testing.ts';
import { browser, findBrowser } from './browser.ts';
import { node } from './node.ts';
import { workerd } from './workerd.ts';
import { yardstick } from './yardstick.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-speed-'));
  file = path.join(folder, 'tiny.safetensors');
  await writeFile(file, writeModel(untrained('tiny', 8), 'F16'));
});
afterAll(() => rm(folder, { recursive: true }));

const noBrowser = lackingBrowser();

describe.each([
  { name: 'node', runtime: node, version: /^Node \d/, heap: true, skip: '' },
  { name: 'workerd', runtime: workerd, version: /^workerd 1\.\d/, heap: false, skip: '' },
  { name: 'browser', runtime: browser, version: /Chrom/, heap: true, skip: noBrowser },
])('$name $skip', ({ runtime, version, heap, skip }) => {
  it.skipIf(skip !== '')(
    'times a model and says what it was timed with',
    async () => {
      // Large enough for workerd's clock, which counts whole milliseconds.
      const measured = await runtime.time(file, { width: 320, height: 192, runs: 2 });
      const { milliseconds, yardsticks, wasmBytes, heapBytes } = measured.timing;
      expect(measured.version).toMatch(version);
      expect(measured.coldStartMilliseconds).toBeGreaterThan(10);
      for (const times of [milliseconds, yardsticks]) {
        expect(times).toHaveLength(2);
        for (const time of times) expect(time).toBeGreaterThan(0);
      }
      expect(wasmBytes).toBeGreaterThan(2 ** 20);
      expect(heapBytes !== null && heapBytes > 2 ** 20).toBe(heap);
    },
    120_000,
  );

  it.skipIf(skip !== '')(
    'says that a model cannot be timed, and leaves nothing behind',
    async () => {
      const bad = path.join(folder, 'bad.safetensors');
      await writeFile(bad, 'no model');
      await expect(runtime.time(bad, { width: 80, height: 48, runs: 1 })).rejects.toThrow(PellucidError);
    },
    120_000,
  );
});

it('asks for a browser where there is none', () => {
  vi.stubEnv('PELLUCID_BROWSER', '/nowhere/chromium');
  expect(findBrowser).toThrow(/no browser at \/nowhere\/chromium.*PELLUCID_BROWSER/);
  vi.unstubAllEnvs();
});

it('has a yardstick that takes long enough to be a measure', () => {
  expect(yardstick()).toBeGreaterThan(5);
});
