/** `pnpm export-model MODEL --format onnx`: writes a model in a format that other runtimes read. */
import path from 'node:path';
import { type Dtype, type Model, PellucidError, writeModel } from '@pellucid/core';
import { exportGraphModel, exportOnnx } from '@pellucid/core/export';
import { defineCommand } from 'citty';
import { writeAtomically } from '../atomic-file.ts';
import { loadModel } from '../model-file.ts';
import { runCommand } from './command.ts';
import { dtypeHelp, parseDtype } from './dtype.ts';

interface Format {
  /** What is added to the model's name for `--out`. */
  ending: string;
  /** Files by their names in the folder `--out`, or, where the name is empty, `--out` itself. */
  files(model: Model, dtype: Dtype): Record<string, Uint8Array | string>;
  /** What `pixels` in the code below must be, beside RGB from 0 to 1. */
  pixels(alignment: number): string;
  /** Code that runs it on `pixels`; `told` when it takes the noise level `sigma`. */
  usage(out: string, channels: number, told: boolean): string[];
}

const formats: Record<string, Format> = {
  onnx: {
    ending: '.onnx',
    files: (model) => ({ '': exportOnnx(model) }),
    pixels: (alignment) => `plane after plane, height and width multiples of ${alignment}`,
    usage(out, channels, told) {
      const input = `input: new ort.Tensor('float32', pixels, [1, ${channels}, height, width])`;
      const level = told ? `, noise_level: new ort.Tensor('float32', [sigma], [1])` : '';
      return [
        `import * as ort from 'onnxruntime-web';`,
        `const session = await ort.InferenceSession.create('${out}');`,
        `const { output } = await session.run({ ${input}${level} });`,
      ];
    },
  },
  tfjs: {
    ending: '-tfjs',
    files(model) {
      // Last the file that refers to the others.
      const { 'model.json': json, ...weights } = exportGraphModel(model);
      return { ...weights, 'model.json': json };
    },
    pixels: (alignment) => `pixel after pixel, height and width multiples of ${alignment}`,
    usage(out, channels, told) {
      const input = `input: tf.tensor(pixels, [1, height, width, ${channels}])`;
      return [
        `import * as tf from '@tensorflow/tfjs';`,
        `const model = await tf.loadGraphModel('${out}/model.json');`,
        `const output = model.predict({ ${input}${told ? ', noise_level: tf.tensor([sigma])' : ''} });`,
      ];
    },
  },
  safetensors: {
    ending: '.safetensors',
    files: (model, dtype) => ({ '': writeModel(model, dtype) }),
    pixels: () => 'pixel after pixel, of any height and width',
    usage(out, channels, told) {
      const image = `{ width, height, channels: ${channels}, data: pixels }`;
      return [
        `import { readModel, Restorer } from '@pellucid/core';`,
        `const restorer = new Restorer(readModel(await readFile('${out}')));`,
        `const restored = await restorer.restore(${image}${told ? ', { noiseLevel: sigma }' : ''});`,
      ];
    },
  },
};

const exportModel = defineCommand({
  meta: {
    name: 'pnpm export-model',
    description: 'Write a model as ONNX, as a TensorFlow.js GraphModel, or as safetensors.',
  },
  args: {
    model: { type: 'positional', required: true, description: 'Model file or folder.' },
    format: { type: 'string', required: true, description: `${Object.keys(formats).join(', ')}.` },
    dtype: { type: 'string', default: 'F32', description: `${dtypeHelp} For safetensors alone.` },
    out: {
      type: 'string',
      description: 'File to write, or folder (tfjs); the name of the model unless given.',
    },
  },
  async run({ args }) {
    const format = Object.hasOwn(formats, args.format) ? formats[args.format] : undefined;
    if (!format) throw usage(`--format ${args.format} is none of ${Object.keys(formats).join(', ')}.`);
    const dtype = parseDtype(args.dtype);
    if (dtype !== 'F32' && args.format !== 'safetensors')
      throw usage(`--dtype ${dtype} is for safetensors; ${args.format} is written in F32.`);

    const model = await loadModel(args.model);
    const out = args.out ?? `${model.name.replaceAll('/', '-')}${format.ending}`;
    for (const [name, content] of Object.entries(format.files(model, dtype))) {
      const file = path.join(out, name);
      await writeAtomically(file, content);
      console.log(`Wrote ${file}: ${(Buffer.byteLength(content) / 2 ** 20).toFixed(2)} MiB`);
    }
    const { nodes, alignment } = model.graph;
    const told = nodes.some(({ op }) => op === 'noise-level');
    console.log(`\nTo run it on pixels, RGB from 0 to 1, ${format.pixels(alignment)}:`);
    for (const line of format.usage(out, nodes[0]!.channels, told)) console.log(`  ${line}`);
    if (model.before && args.format !== 'safetensors')
      console.log(
        `\nThis network sees six channels: what @pellucid/core's deconvolve makes of a photograph, which the file does not do, and then the photograph. Restorer does both.`,
      );
  },
});

function usage(message: string): PellucidError {
  return new PellucidError('cli/usage', message);
}

await runCommand(exportModel);
