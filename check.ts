/** `pnpm check`: types, lint and format, all of them even when the first fails. */
import { spawnSync } from 'node:child_process';
import { defineCommand, runMain } from 'citty';

const check = defineCommand({
  meta: { name: 'pnpm check', description: 'Check types, lint and format.' },
  args: { fix: { type: 'boolean', description: 'Mend lint and format where that is safe.' } },
  run({ args }) {
    const steps = [
      ['tsc', '--noEmit', '-p', '.'],
      ['tsc', '--noEmit', '-p', 'packages/edge'],
      ['tsc', '--noEmit', '-p', 'packages/edge/page'],
      ['tsc', '--noEmit', '-p', 'packages/bench/browser'],
      ['tsc', '--noEmit', '-p', 'packages/bench/workerd'],
      ['tsc', '--noEmit', '-p', 'examples/page'],
      ['tsc', '--noEmit', '-p', 'examples/worker'],
      ['biome', 'check', ...(args.fix ? ['--write'] : []), '.'],
    ];
    const failed = steps.filter(
      ([tool, ...rest]) => spawnSync(tool!, rest, { stdio: 'inherit' }).status !== 0,
    );
    if (failed.length > 0) {
      console.error(`check: ${failed.map((step) => step.join(' ')).join('; ')} failed`);
      process.exit(1);
    }
    console.log('check: types, lint and format are in order');
  },
});

await runMain(check);
