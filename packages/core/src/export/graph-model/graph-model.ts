import { enlargement } from '../../network/graph.ts';
import { joinBytes } from '../bytes.ts';
import { type Emitters, type Exportable, emitAll } from '../emitter.ts';
import { attention } from './attention.ts';
import { attribute, GraphModelBuilder } from './builder.ts';
import { convolutions } from './convolutions.ts';
import { pointwise } from './pointwise.ts';
import { resampling } from './resampling.ts';

const emitters: Emitters<GraphModelBuilder> = {
  input: (to, { channels }) => to.input('input', [-1, -1, -1, channels]),
  ...convolutions,
  ...pointwise,
  ...resampling,
  ...attention,
};

/** A TensorFlow.js GraphModel's two files, by their names. */
export type GraphModelFiles = { 'model.json': string; 'group1-shard1of1.bin': Uint8Array };

/**
 * A model as a TensorFlow.js GraphModel in float32, for `tf.loadGraphModel`.
 *
 * Its input "input" and output "output" are NHWC, RGB 0..1, of any batch, height and width; both sides must be multiples
 * of the network's alignment, which stands in the user-defined metadata. A network that is told how strong the noise is
 * has a second input "noise_level" [batch], sigma on the scale 0..255.
 *
 * @throws PellucidError `export/unsupported-node`
 */
export function exportGraphModel({ name, task, graph, weights }: Exportable): GraphModelFiles {
  const builder = new GraphModelBuilder(weights);
  const output = emitAll(emitters, 'a TensorFlow.js GraphModel', builder, graph);
  const nodes = [...builder.nodes, { name: 'output', op: 'Identity', input: [output] }];
  const { channels } = graph.nodes[graph.output]!;
  const json = {
    format: 'graph-model',
    generatedBy: 'pellucid',
    // TensorFlow.js asks for versions, and does no more than report them.
    modelTopology: { node: nodes, versions: { producer: 1, minConsumer: 1 } },
    signature: {
      inputs: Object.fromEntries([...builder.inputs].map(([name, shape]) => [name, tensorInfo(name, shape)])),
      outputs: { output: tensorInfo('output', [-1, -1, -1, channels]) },
    },
    userDefinedMetadata: { name, task, alignment: graph.alignment, enlargement: enlargement(graph) },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: builder.specs }],
  };
  return { 'model.json': JSON.stringify(json), 'group1-shard1of1.bin': joinBytes(builder.data) };
}

function tensorInfo(name: string, shape: number[]) {
  return { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: attribute.shape(shape).shape };
}
