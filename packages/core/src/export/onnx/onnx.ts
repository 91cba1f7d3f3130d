import { enlargement } from '../../network/graph.ts';
import { joinBytes } from '../bytes.ts';
import { type Emitters, type Exportable, emitAll } from '../emitter.ts';
import { attention } from './attention.ts';
import { OnnxBuilder } from './builder.ts';
import { convolutions } from './convolutions.ts';
import { pointwise } from './pointwise.ts';
import { bytes, int, message } from './protobuf.ts';
import { resampling } from './resampling.ts';

const emitters: Emitters<OnnxBuilder> = {
  input: (to, { channels }) => to.input('input', ['batch', channels, 'height', 'width']),
  ...convolutions,
  ...pointwise,
  ...resampling,
  ...attention,
};

/** The newest set of operators that is needed: the one that has Gelu. */
const operatorSet = 20;
/** Of the file format, as released with that set. */
const irVersion = 9;

/**
 * A model as an ONNX file in float32.
 *
 * Its input "input" and output "output" are NCHW, RGB 0..1, of any batch, height and width; both sides must be multiples
 * of the network's alignment, which stands in the file's metadata as `alignment`. A network that is told how strong the
 * noise is has a second input "noise_level" [batch], sigma on the scale 0..255.
 *
 * @throws PellucidError `export/unsupported-node`
 */
export function exportOnnx({ name, task, graph, weights }: Exportable): Uint8Array {
  const builder = new OnnxBuilder(weights);
  const output = emitAll(emitters, 'ONNX', builder, graph);
  const { channels } = graph.nodes[graph.output]!;
  const size = enlargement(graph) === 1 ? ['height', 'width'] : ['restored_height', 'restored_width'];
  const metadata = { task, alignment: String(graph.alignment), enlargement: String(enlargement(graph)) };
  return joinBytes([
    int(1, irVersion),
    bytes(2, 'pellucid'),
    message(7, builder.graph(name, output, ['batch', channels, ...size])),
    message(8, [bytes(1, ''), int(2, operatorSet)]),
    ...Object.entries(metadata).map(([key, value]) => message(14, [bytes(1, key), bytes(2, value)])),
  ]);
}
