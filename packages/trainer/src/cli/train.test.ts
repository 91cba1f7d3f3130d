import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readModel } from '@pellucid/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';

const steps = 200;
const recipe = `
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
method: { kind: scratch }
data: { patch: 8, batch: 2, validation: { count: 2, size: 16 } }
optimiser: { warmup: 2 }
steps: ${steps}
every: { log: 1, validate: 1000, checkpoint: 10 }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-cli-'));
  await writeFile(path.join(folder, 'tiny.yml'), recipe);
  for (const shade of ['#a33', '#3a3', '#33a', '#777'])
    await sharp({ create: { width: 24, height: 20, channels: 3, background: shade } })
      .png()
      .toFile(path.join(folder, `${shade.slice(1)}.png`));
});
afterAll(() => rm(folder, { recursive: true }));

/** `pnpm train` on the tiny recipe, with `--out` of its own unless told otherwise. */
function start(...words: string[]): ChildProcess & { output: () => string } {
  const script = path.join(import.meta.dirname, 'train.ts');
  const child = spawn(process.execPath, [script, ...words], {
    cwd: folder,
    env: { ...process.env, CI: '1' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  return Object.assign(child, { output: () => output });
}

const trainTiny = (out: string, ...words: string[]) =>
  start('tiny.yml', '--data', '.', '--out', out, ...words);

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
}

/** Sends a signal as soon as the run says that it has done `step` steps. */
async function interrupt(child: ReturnType<typeof start>, signal: NodeJS.Signals, step: number) {
  let sent = false;
  child.stdout!.on('data', () => {
    if (sent || !child.output().includes(`step ${step}/`)) return;
    sent = child.kill(signal);
  });
  return ended(child);
}

test('killed, stopped, and each time continued, a run ends bit for bit where an unbroken one does', async () => {
  const straight = trainTiny('straight');
  const straightEnd = ended(straight);

  const killed = trainTiny('broken');
  expect(await interrupt(killed, 'SIGKILL', 47), killed.output()).toBe('SIGKILL');
  const stopped = trainTiny('broken', '--resume');
  expect(await interrupt(stopped, 'SIGTERM', 103), stopped.output()).toBe(0);
  expect(stopped.output()).toMatch(/Continuing after step (40|50|60|70|80|90)/);
  expect(stopped.output()).toContain('--resume continues');
  const finished = trainTiny('broken', '--resume');
  expect(await ended(finished), finished.output()).toBe(0);
  expect(finished.output()).toMatch(/Continuing after step 1\d\d of/);

  expect(await straightEnd, straight.output()).toBe(0);
  const model = (out: string) => readFile(path.join(folder, out, 'tiny', 'model', 'model.safetensors'));
  expect(new Uint8Array(await model('broken'))).toEqual(new Uint8Array(await model('straight')));

  const trained = readModel(new Uint8Array(await model('broken')));
  expect(trained).toMatchObject({ name: 'tiny', task: 'denoise' });
  const run = path.join(folder, 'broken', 'tiny');
  expect((await readdir(run)).filter((name) => name.includes('tfevents'))).toHaveLength(3);
  const metrics = (await readFile(path.join(run, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const logged = metrics.map((line) => JSON.parse(line)).filter((line) => 'loss' in line);
  expect(logged.map((line) => line.step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  expect(await readFile(path.join(run, 'model', 'card.md'), 'utf8')).toMatch(/dB degraded.*dB restored/);
  expect(finished.output()).toMatch(/npx -y pnpm@12 restore .*--model/);
}, 1120_000);

test.concurrent.each([
  [
    'a recipe that is not there',
    ['nowhere.yml'],
    /no readable recipe at nowhere\.yml.*\[recipe\/not-found\]/,
  ],
  [
    'a teacher that is not there',
    ['tiny.yml', '--set', 'teacher=nowhere', '--set', 'method={kind: logits}'],
    /no readable model at nowhere.*\[model\/not-found\]/,
  ],
  ['nothing to resume', ['tiny.yml', '--data', '.', '--resume', '--name', 'new'], /\[checkpoint\/none\]/],
])(
  '%s is an error with a code and exit status 1',
  async (_, words, message) => {
    const child = start(...words);
    expect(await ended(child)).toBe(1);
    expect(child.output()).toMatch(message);
    expect(child.output()).not.toMatch(/\n {4}at .*\.ts:\d/);
  },
  120_000,
);

test.concurrent('a dry run checks everything and writes nothing', async () => {
  const child = trainTiny('dry', '--dry-run', '--name', 'other', '--set', 'steps=7');
  expect(await ended(child), child.output()).toBe(0);
  expect(child.output()).toMatch(
    /steps: 7[\s\S]*2 photographs to train on and 2 to validate on[\s\S]*dry\/other/,
  );
  expect(await readdir(folder)).not.toContain('dry');
}, 120_000);
