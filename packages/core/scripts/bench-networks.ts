/**
 * Times networks on one thread of WebAssembly and prints Markdown: each one's forward pass on a 128x128 patch with
 * random weights, against the time that its MACs would take at this machine's rate of a 1x1 convolution, and the
 * share of each kind of node. Processor time, the best of as many runs as fit in ten seconds, at least two.
 *
 * Run as `node packages/core/scripts/bench-networks.ts [a network's settings as JSON ...]`.
 */
import { cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { macsPerPixel, parameters, weightsOf } from '../src/network/cost.ts';
import type { Graph, Node } from '../src/network/graph.ts';
import { infer } from '../src/network/infer.ts';
import { opOf } from '../src/network/ops/index.ts';
import { trace } from '../src/network/trace.ts';
import { buildNetwork, networkConfig } from '../src/networks/index.ts';
import { Random } from '../src/random.ts';
import { useTrainingWasm } from '../testing/engines.ts';

const published = [
  { kind: 'restormer' },
  { kind: 'restormer', width: 24, blocks: [2, 3, 3, 4], refinement: 2 },
  { kind: 'nafnet' },
  { kind: 'uformer' },
  { kind: 'drsformer' },
  { kind: 'edsr' },
  { kind: 'edsr', width: 64, blocks: 16, residualScale: 1 },
  { kind: 'rcan' },
  { kind: 'swinir' },
  { kind: 'swinir', width: 60, depths: [6, 6, 6, 6], upsampler: 'pixelshuffledirect' },
  { kind: 'dctswin' },
  { kind: 'imdn' },
  { kind: 'pan' },
  { kind: 'smfanet' },
  { kind: 'ffdnet' },
  { kind: 'dncnn' },
  { kind: 'adnet' },
  { kind: 'dcbdnet' },
  { kind: 'prenet' },
];
const side = 128;

/** Processor time in milliseconds, which other work on the machine disturbs least. */
function milliseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
}

/** Adds up how long each kind of node of the graph takes while `work` runs. */
function profile(graph: Graph, work: () => void): Map<Node['op'], number> {
  const times = new Map<Node['op'], number>();
  const ops = new Map(graph.nodes.map((node) => [node.op, opOf(node)]));
  const stock = new Map([...ops].map(([kind, op]) => [kind, op.run]));
  for (const [kind, op] of ops)
    op.run = (...call) => {
      let output: tf.Tensor4D | undefined;
      const time = milliseconds(() => {
        output = stock.get(kind)!(...call);
      });
      times.set(kind, (times.get(kind) ?? 0) + time);
      return output!;
    };
  work();
  for (const [kind, op] of ops) op.run = stock.get(kind)!;
  return times;
}

/** Milliseconds of the fastest run, and of each kind of node in one more. */
function measure(graph: Graph): { fastest: number; kinds: [Node['op'], number][] } {
  const random = new Random(1);
  const draw = (shape: number[], scale: number) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
      shape,
    );
  const weights = Object.fromEntries(
    weightsOf(graph).map(({ name, shape, deviation }) => [name, draw(shape, deviation || 1)]),
  );
  const input = draw([1, side, side, graph.nodes[0]!.channels], 0.3) as tf.Tensor4D;
  const run = () => infer(graph, weights, input, { noiseLevel: 25 }).dispose();

  let fastest = Number.POSITIVE_INFINITY;
  const end = performance.now() + 10_000;
  for (let count = 0; count < 2 || performance.now() < end; count++)
    fastest = Math.min(fastest, milliseconds(run));
  const kinds = [...profile(graph, run)].sort(([, a], [, b]) => b - a);
  tf.dispose([input, weights]);
  return { fastest, kinds };
}

const gigamacs = (graph: Graph) => (macsPerPixel(graph) * side * side) / 1e9;

await useTrainingWasm();
const plain = trace((ops, x) => ops.conv(x, { name: 'plain', kernel: 1, channels: 96 }), 96);
const rate = gigamacs(plain) / measure(plain).fastest;
const title = `${cpus()[0]?.model}, Node ${process.version}, one thread, 1x1 convolutions at ${(1e3 * rate).toFixed(1)} GMAC/s`;
console.log(`${title}\n`);
console.log('| network | parameters | GMACs, 128x128 | seconds | times what its MACs would take | where |');
console.log('|---|---:|---:|---:|---:|---|');
const given = process.argv.slice(2).map((settings) => JSON.parse(settings) as unknown);
for (const settings of given.length > 0 ? given : published) {
  const graph = buildNetwork(networkConfig.parse(settings));
  const { fastest, kinds } = measure(graph);
  const total = kinds.reduce((sum, [, time]) => sum + time, 0);
  const shares = kinds.map(([kind, time]) => `${kind} ${((100 * time) / total).toFixed(0)} %`);
  const row = [
    Object.values(settings as object)
      .map((value) => JSON.stringify(value))
      .join(' '),
    `${(parameters(graph) / 1e6).toFixed(2)} M`,
    gigamacs(graph).toFixed(2),
    (fastest / 1e3).toFixed(2),
    (fastest / (gigamacs(graph) / rate)).toFixed(2),
    shares.slice(0, 6).join(', '),
  ];
  console.log(`| ${row.join(' | ')} |`);
}
