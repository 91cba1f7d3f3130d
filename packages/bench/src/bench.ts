import path from 'node:path';
import { runCommand } from '@pellucid/trainer';
import { type ArgsDef, defineCommand } from 'citty';
import { words as list, type OptionName, type Options, options } from './options.ts';
import { readCurve } from './report/curves.ts';
import { Session, type Suite } from './suite.ts';
import { compare } from './suites/compare.ts';
import { compression } from './suites/compression.ts';
import { distillation } from './suites/distillation.ts';
import { engines } from './suites/engines.ts';
import { peers } from './suites/peers.ts';
import { quality } from './suites/quality.ts';
import { speed } from './suites/speed.ts';
import { unknown } from './unknown.ts';

const suites: Record<string, Suite> = { quality, compression, speed, engines, peers, distillation };

const listed = Object.entries(suites).map(([name, { description }]) => `${name} (${description})`);

/** Read by every suite. */
const always: readonly OptionName[] = ['run', 'out'];

/** The command for the named suites: it knows their options and refuses all others. */
function benchCommand(names: string[], given: string[]) {
  const known = names.flatMap((name) => suites[name] ?? []);
  const reads = new Set([
    ...(known.length > 0 ? known : Object.values(suites)).flatMap((suite) => suite.options),
    ...always,
  ]);
  const args: ArgsDef = {
    suite: {
      type: 'positional',
      required: true,
      description: `One or several, separated by commas: ${listed.join('; ')}. Or: compare BASE HEAD.`,
    },
    ...Object.fromEntries([...reads].map((name) => [name, options[name]])),
  };
  return defineCommand({
    meta: { name: 'pnpm bench', description: 'Measure restoration networks and report what was found.' },
    args,
    async run({ args }) {
      const missing = names.find((name) => !Object.hasOwn(suites, name));
      if (missing !== undefined)
        throw unknown('suite', missing, [...Object.keys(suites), 'compare'], 'bench/unknown-suite');
      await bench(known, args as unknown as Options, `pnpm bench ${given.join(' ')}`);
    },
  });
}

async function bench(chosen: Suite[], given: Options, command: string): Promise<void> {
  const session = new Session(command, given.out);
  session.curves = await Promise.all(list(given.run ?? '').map(readCurve));
  for (const suite of chosen) await suite.run(given, session);
  await session.save();
  console.log(`\n${session.markdown()}\nThe report with pictures: ${path.join(given.out, 'report.html')}`);
  for (const failure of session.failures) console.error(failure);
  if (session.failures.length > 0) process.exitCode = 1;
}

/**
 * `pnpm bench SUITE [options]` and `pnpm bench compare BASE HEAD`. Errors are printed and set the exit status, as every
 * command line of the project does it.
 */
export async function runBench(words: string[]): Promise<void> {
  const given = words[0] === '--' ? words.slice(1) : words;
  const first = given.find((word) => !word.startsWith('-')) ?? '';
  if (first !== 'compare') return runCommand(benchCommand(list(first), given), given);
  return runCommand(
    compare,
    given.filter((word) => word !== first),
  );
}
