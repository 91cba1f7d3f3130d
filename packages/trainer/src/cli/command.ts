import { PellucidError } from '@pellucid/core';
import { type ArgsDef, type CommandDef, renderUsage, runCommand as runCitty } from 'citty';
import { nearest } from '../nearest.ts';

const shared: ArgsDef = {
  verbose: { type: 'boolean', description: 'Print the cause of an error too.' },
  help: { type: 'boolean', alias: 'h', description: 'Print this.' },
};

/**
 * Runs a command line as its author would want it to behave: an unknown flag or a missing value is an error, an error
 * is a sentence and a code on stderr with exit status 1, and its cause is there with `--verbose`.
 */
export async function runCommand<T extends ArgsDef>(
  command: CommandDef<T>,
  rawArgs: string[] = process.argv.slice(2),
): Promise<void> {
  // pnpm hands a separating `--` on to the script.
  const words = rawArgs[0] === '--' ? rawArgs.slice(1) : rawArgs;
  const args = { ...(command.args as ArgsDef), ...shared };
  if (words.includes('--help') || words.includes('-h')) {
    console.log(await renderUsage({ ...command, args } as CommandDef));
    return;
  }
  try {
    refuseUnknown(words, args);
    await runCitty({ ...command, args } as unknown as CommandDef<T>, { rawArgs: words });
  } catch (error) {
    report(error, words.includes('--verbose'));
    process.exitCode = 1;
  }
}

/** Every value given to a flag that may be repeated, which citty reads only the last of. */
export function repeatedFlag(rawArgs: readonly string[], flag: string): string[] {
  return rawArgs.flatMap((word, index) => {
    if (word === flag) return [rawArgs[index + 1]!];
    return word.startsWith(`${flag}=`) ? [word.slice(flag.length + 1)] : [];
  });
}

/** citty ignores flags and words that it does not know, and reads a missing value as an empty one. */
function refuseUnknown(words: readonly string[], args: ArgsDef): void {
  const flags = new Map<string, ArgsDef[string]>();
  for (const [name, arg] of Object.entries(args)) if (arg.type !== 'positional') flags.set(`--${name}`, arg);
  const positions = Object.values(args).filter((arg) => arg.type === 'positional').length;
  let given = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (!word.startsWith('-')) {
      if (++given > positions) throw usage(`There is no place for "${word}" after the other arguments.`);
      continue;
    }
    const [name = word] = word.split('=', 1);
    const flag = flags.get(name);
    if (!flag) {
      const meant = nearest(name, flags.keys());
      throw usage(`There is no flag ${name}${meant ? `; did you mean ${meant}?` : '; --help lists them.'}`);
    }
    if (flag.type === 'boolean' || word.includes('=')) continue;
    const value = words[++index];
    if (value === undefined || value.startsWith('--')) throw usage(`${name} needs a value.`);
  }
}

function usage(message: string): PellucidError {
  return new PellucidError('cli/usage', message);
}

function report(error: unknown, verbose: boolean): void {
  if (error instanceof PellucidError) console.error(`${error.message} [${error.code}]`);
  else if (error instanceof Error && error.name === 'CLIError') console.error(`${error.message} [cli/usage]`);
  else
    console.error(
      `Something went wrong that should not have: ${error instanceof Error ? error.message : error}`,
    );
  if (!verbose) {
    if (error instanceof Error && error.cause) console.error('Run it again with --verbose to see the cause.');
    return;
  }
  console.error(error);
}
