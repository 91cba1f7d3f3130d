/** `pnpm import-weights CHECKPOINT --arch KIND`: makes a model, such as a teacher, of published PyTorch weights. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Model,
  macsPerPixel,
  type NetworkConfig,
  networkConfig,
  PellucidError,
  parameters,
  writeModel,
} from '@pellucid/core';
import { importModel, isConverted, readConverted, readStateDict } from '@pellucid/core/import';
import { defineCommand } from 'citty';
import YAML from 'yaml';
import { writeAtomically } from '../atomic-file.ts';
import { describeNetwork } from '../model-portrait.ts';
import { nearest } from '../nearest.ts';
import { runCommand } from './command.ts';
import { dtypeHelp, parseDtype } from './dtype.ts';

const kinds = networkConfig.options.map(({ shape }) => shape.kind.value);

const importWeights = defineCommand({
  meta: {
    name: 'pnpm import-weights',
    description:
      'Make a model of PyTorch weights (.pth, .pt, .safetensors). The file may be a stranger’s: tensors are read, and nothing is run.',
  },
  args: {
    checkpoint: { type: 'positional', required: true, description: 'File with a state dict.' },
    arch: {
      type: 'string',
      description: `Network: ${kinds.join(', ')}. A converted checkpoint that says what it is for needs none: its file's name begins with the network's.`,
    },
    config: {
      type: 'string',
      description: 'Settings of the network, if not the published ones: a YAML or JSON file, or {width: 48}.',
    },
    out: { type: 'string', required: true, description: 'Folder for model.safetensors, or a file.' },
    name: { type: 'string', description: 'What to call the model; the name of the checkpoint unless given.' },
    task: {
      type: 'string',
      description: 'What it is for: denoise, derain, deblur, sr; restore unless given.',
    },
    dtype: { type: 'string', default: 'F32', description: dtypeHelp },
  },
  async run({ args }) {
    const dtype = parseDtype(args.dtype);
    const { model, leftOver } = await readCheckpointModel(args);

    const count = (value: number) => Math.round(value).toLocaleString('en');
    console.log(`  ${count(parameters(model.graph))} parameters`);
    console.log(`  ${count(macsPerPixel(model.graph))} MACs per pixel`);
    if (leftOver.length > 0) console.warn(describeLeftOver(leftOver));
    const out = args.out.endsWith('.safetensors') ? args.out : path.join(args.out, 'model.safetensors');
    const bytes = writeModel(model, dtype);
    await writeAtomically(out, bytes);
    console.log(`Wrote ${out}: ${(bytes.length / 2 ** 20).toFixed(1)} MiB in ${dtype}.`);
  },
});

interface Asked {
  checkpoint: string;
  arch?: string | undefined;
  config?: string | undefined;
  name?: string | undefined;
  task?: string | undefined;
}

async function readCheckpointModel(args: Asked): Promise<{ model: Model; leftOver: string[] }> {
  const file = path.parse(args.checkpoint).name;
  const name = args.name ?? file;
  // First, so that an error that follows stands below the settings that it is about.
  const announce = (network: NetworkConfig, task: string) =>
    console.log(`${name}: ${describeNetwork(network)} for ${task}`);
  if (args.arch === undefined) {
    const bytes = await readCheckpoint(args.checkpoint);
    if (!isConverted(bytes))
      throw new PellucidError('cli/usage', `Say with --arch which network it is: ${kinds.join(', ')}.`);
    const { model } = readConverted(file, bytes);
    const task = args.task ?? model.task;
    announce(model.network, task);
    return { model: { ...model, name, task }, leftOver: [] };
  }
  const network = await readNetwork(args.arch, args.config);
  const stateDict = readStateDict(await readCheckpoint(args.checkpoint));
  const task = args.task ?? 'restore';
  announce(network, task);
  return importModel({ stateDict, network, name, task });
}

/** The network that `--arch` names, with what `--config` says and defaults for the rest. */
async function readNetwork(arch: string, config: string | undefined): Promise<NetworkConfig> {
  if (!kinds.some((kind) => kind === arch)) {
    const meant = nearest(arch, kinds);
    throw new PellucidError(
      'cli/usage',
      `There is no network ${arch}; ${meant ? `did you mean ${meant}?` : `there are ${kinds.join(', ')}.`}`,
    );
  }
  const parsed = networkConfig.safeParse({ ...(config && (await readConfig(config))), kind: arch });
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    ({ path, message }) => `  ${[...path.map(String), message.replace(/^Invalid input: /, '')].join(': ')}`,
  );
  throw new PellucidError(
    'import/bad-config',
    `${config ? `--config does not describe a network ${arch}` : `A network ${arch} needs --config`}:\n${mistakes.join('\n')}`,
    { cause: parsed.error },
  );
}

async function readConfig(given: string): Promise<object> {
  let config: unknown;
  try {
    config = YAML.parse(given.trimStart().startsWith('{') ? given : await readFile(given, 'utf8'));
  } catch (cause) {
    throw new PellucidError(
      'import/bad-config',
      `--config ${given} is neither a readable YAML or JSON file nor settings such as {width: 48}.`,
      { cause },
    );
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config;
  throw new PellucidError('import/bad-config', '--config must be a mapping of settings to values.');
}

async function readCheckpoint(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new PellucidError('import/not-found', `There is no readable file at ${file}.`, { cause });
  }
}

function describeLeftOver(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => `  ${name}`);
  const rest = names.length - shown.length;
  return [
    `The network has no use for ${names.length} of the checkpoint's tensors. Does --config say what was trained?`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ].join('\n');
}

await runCommand(importWeights);
