/** `pnpm gpu:pack RECIPE`: packs a training run for a bare Linux machine with a GPU. */
import { readFile } from 'node:fs/promises';
import { PellucidError } from '@pellucid/core';
import { defineCommand } from 'citty';
import { pack } from '../gpu/pack.ts';
import { parseRecipe } from '../recipe.ts';
import { repeatedFlag, runCommand } from './command.ts';

const command = defineCommand({
  meta: {
    name: 'pnpm gpu:pack',
    description:
      'Pack a training run into one file that trains on a bare Linux machine with a GPU, without install or network.',
  },
  args: {
    recipe: { type: 'positional', default: 'recipes/denoise.yml', description: 'What to train.' },
    data: { type: 'string', description: 'Folder of photographs to take along.' },
    set: { type: 'string', description: 'Change the recipe, as in pnpm train. Repeatable.' },
    out: {
      type: 'string',
      description:
        'The archive: NAME.tar.xz, or NAME.tar.gz for a machine without xz. runs/<recipe>.tar.xz unless given.',
    },
  },
  async run({ args, rawArgs }) {
    const overrides = repeatedFlag(rawArgs, '--set');
    if (args.data !== undefined) overrides.push(`data.photographs=${JSON.stringify(args.data)}`);
    const text = await readFile(args.recipe, 'utf8').catch((cause) => {
      throw new PellucidError('recipe/not-found', `There is no readable recipe at ${args.recipe}.`, {
        cause,
      });
    });
    const recipe = parseRecipe(text, overrides);
    const archive = args.out ?? `runs/${recipe.name}.tar.xz`;
    if (!/\.tar\.[gx]z$/.test(archive))
      throw new PellucidError('cli/usage', `--out must end in .tar.xz or .tar.gz, unlike "${archive}".`);
    console.log(`Packing ${recipe.name}; compressing takes a minute or two.`);
    const size = await pack(recipe, archive);
    const flag = archive.endsWith('.tar.gz') ? 'xzf' : 'xJf';
    console.log(`${archive}: ${(size / 1e6).toFixed(1)} MB. On the other machine:
  tar ${flag} ${archive.split('/').at(-1)} && pellucid/train.sh
and here, with the runs.tar.gz that it leaves:
  npx -y pnpm@12 gpu:unpack runs.tar.gz`);
  },
});

await runCommand(command);
