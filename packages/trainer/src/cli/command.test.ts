import { PellucidError } from '@pellucid/core';
import { defineCommand } from 'citty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { repeatedFlag, runCommand } from './command.ts';

const run = vi.fn();
const command = defineCommand({
  meta: { name: 'pnpm cook', description: 'Cook.' },
  args: {
    dish: { type: 'positional', default: 'soup', description: 'What to cook.' },
    heat: { type: 'string', description: 'How hot.' },
    quick: { type: 'boolean', description: 'Hurry.' },
  },
  run: ({ args, rawArgs }) => run({ dish: args.dish, heat: args.heat, quick: args.quick }, rawArgs),
});

let stderr: string[];
let stdout: string[];
beforeEach(() => {
  run.mockReset();
  stderr = [];
  stdout = [];
  vi.spyOn(console, 'error').mockImplementation((...words) => void stderr.push(words.map(String).join(' ')));
  vi.spyOn(console, 'log').mockImplementation((...words) => void stdout.push(words.join(' ')));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

test('hands arguments on', async () => {
  await runCommand(command, ['--', 'stew', '--heat=3', '--quick']);
  expect(run).toHaveBeenCalledWith({ dish: 'stew', heat: '3', quick: true }, ['stew', '--heat=3', '--quick']);
  await runCommand(command, ['--heat', '-3']);
  expect(run).toHaveBeenLastCalledWith({ dish: 'soup', heat: '-3', quick: undefined }, expect.anything());
  expect(process.exitCode ?? 0).toBe(0);
});

test.each([
  [['--heta', '3'], 'There is no flag --heta; did you mean --heat? [cli/usage]'],
  [['--zzzzzzzz'], 'There is no flag --zzzzzzzz; --help lists them. [cli/usage]'],
  [['--heat'], '--heat needs a value. [cli/usage]'],
  [['--heat', '--quick'], '--heat needs a value. [cli/usage]'],
  [['stew', 'cake'], 'There is no place for "cake" after the other arguments. [cli/usage]'],
])('refuses %j', async (words, message) => {
  await runCommand(command, words);
  expect(stderr).toEqual([message]);
  expect(process.exitCode).toBe(1);
  expect(run).not.toHaveBeenCalled();
});

test('an error is a sentence and a code; its cause is for --verbose', async () => {
  run.mockImplementation(() => {
    throw new PellucidError('kitchen/cold', 'Light the stove.', { cause: new Error('ENOGAS') });
  });
  await runCommand(command, []);
  expect(stderr).toEqual([
    'Light the stove. [kitchen/cold]',
    'Run it again with --verbose to see the cause.',
  ]);
  stderr = [];
  const printed = vi.spyOn(console, 'error');
  await runCommand(command, ['--verbose']);
  expect(printed.mock.calls.at(-1)![0]).toMatchObject({ cause: { message: 'ENOGAS' } });
  expect(process.exitCode).toBe(1);
});

test('--help lists the flags and runs nothing', async () => {
  await runCommand(command, ['--help']);
  expect(stdout.join('\n')).toMatch(/How hot\.[\s\S]*--verbose/);
  expect(run).not.toHaveBeenCalled();
});

test('repeated flags keep every value', () => {
  expect(repeatedFlag(['--set', 'a=1', 'x', '--set=b=2', '--settle', 'c'], '--set')).toEqual(['a=1', 'b=2']);
});
