/** `pnpm inspect-model MODEL`: what a model is, what it costs, and a drawing of its network. */
import { PellucidError } from '@pellucid/core';
import { defineCommand } from 'citty';
import { loadModel } from '../model-file.ts';
import { layerTable, portrait, type Size } from '../model-portrait.ts';
import { runCommand } from './command.ts';

const inspect = defineCommand({
  meta: {
    name: 'pnpm inspect-model',
    description: 'Show what a model is, what it costs, and how its network is built.',
  },
  args: {
    model: { type: 'positional', required: true, description: 'Model file or folder.' },
    size: { type: 'string', default: '256x256', description: 'Photograph to count for, WIDTHxHEIGHT.' },
    layers: { type: 'boolean', description: 'List every node of the network.' },
  },
  async run({ args }) {
    const size = parseSize(args.size);
    const model = await loadModel(args.model);
    console.log(portrait(model, size));
    if (args.layers) console.log(`\n${layerTable(model.graph)}`);
  },
});

function parseSize(text: string): Size {
  const [, width, height] = /^([1-9]\d{0,5})x([1-9]\d{0,5})$/.exec(text) ?? [];
  if (!height) throw new PellucidError('cli/usage', `--size ${text} is no size; write it as 1920x1080.`);
  return { width: Number(width), height: Number(height) };
}

await runCommand(inspect);
