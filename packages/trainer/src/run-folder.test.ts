import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseRunFolder } from './run-folder.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(path.join(os.tmpdir(), 'pellucid-runs-'));
});
afterEach(() => rmSync(out, { recursive: true }));

function makeRun(name: string) {
  mkdirSync(path.join(out, name, 'checkpoints'), { recursive: true });
  writeFileSync(path.join(out, name, 'checkpoints', 'step-00000010.safetensors'), '');
}

test('runs of one recipe are numbered, and resuming continues the newest', async () => {
  const choose = (resume: boolean) => chooseRunFolder(out, 'quick', { resume });
  expect(await choose(false)).toBe(path.join(out, 'quick'));
  expect(await choose(true)).toBe(path.join(out, 'quick'));
  makeRun('quick');
  makeRun('quick-2');
  expect(await choose(false)).toBe(path.join(out, 'quick-3'));
  expect(await choose(true)).toBe(path.join(out, 'quick-2'));
});

test('a folder without a checkpoint is free', async () => {
  mkdirSync(path.join(out, 'quick', 'checkpoints'), { recursive: true });
  expect(await chooseRunFolder(out, 'quick', { resume: false })).toBe(path.join(out, 'quick'));
});

test('a name asked for is meant: it is never numbered and never mixed', async () => {
  makeRun('mine');
  expect(await chooseRunFolder(out, 'quick', { name: 'mine', resume: true })).toBe(path.join(out, 'mine'));
  await expect(chooseRunFolder(out, 'quick', { name: 'mine', resume: false })).rejects.toMatchObject({
    code: 'run/exists',
    message: expect.stringMatching(/--resume.*--name/),
  });
});
