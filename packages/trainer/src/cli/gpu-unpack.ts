/** `pnpm gpu:unpack ARCHIVE`: brings home the runs that a packed training left. */
import { defineCommand } from 'citty';
import { unpack } from '../gpu/unpack.ts';
import { runCommand } from './command.ts';

const command = defineCommand({
  meta: {
    name: 'pnpm gpu:unpack',
    description: 'Bring the runs of a packed training into the folder of runs.',
  },
  args: {
    archive: { type: 'positional', required: true, description: 'The runs.tar.gz that train.sh left.' },
    out: { type: 'string', default: 'runs', description: 'Folder that holds the runs.' },
  },
  async run({ args }) {
    for (const folder of await unpack(args.archive, args.out)) console.log(folder);
    console.log('`npx -y pnpm@12 train RECIPE --resume` continues one that is not done.');
  },
});

await runCommand(command);
