/** `pnpm engine:native [ENGINE]`: installs an engine that npm alone does not bring. */
import { PellucidError } from '@pellucid/core';
import { defineCommand } from 'citty';
import { openEngine } from '../engine/index.ts';
import { installNativeEngine } from '../engine/install.ts';
import { runCommand } from './command.ts';

const command = defineCommand({
  meta: {
    name: 'pnpm engine:native',
    description:
      'Install an engine beside the others: node (TensorFlow on the CPU), node-gpu (on an NVIDIA GPU) or webgpu (on any GPU).',
  },
  args: {
    engine: { type: 'positional', default: 'node', description: 'node, node-gpu or webgpu.' },
  },
  async run({ args }) {
    await installNativeEngine(args.engine, {
      libtensorflow: process.env.LIBTENSORFLOW_DIR,
      note: console.log,
    });
    try {
      const { description } = await openEngine(args.engine);
      console.log(`It works: ${description}.`);
    } catch (error) {
      // An archive for another machine can be packed all the same.
      if (!(error instanceof PellucidError) || error.code !== 'engine/no-gpu') throw error;
      console.log(`It is installed. ${error.message}`);
    }
  },
});

await runCommand(command);
