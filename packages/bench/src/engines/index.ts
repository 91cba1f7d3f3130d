import { availableParallelism, loadavg } from 'node:os';
import { PellucidError } from '@pellucid/core';
import { PeerCache } from '../peers/install.ts';
import { median } from '../statistics.ts';
import { Contender, type Job } from './contender.ts';
import { type NetName, nets, stepFlops } from './nets.ts';
import type { EnginesReport } from './report.ts';

export { EnginesReport, toMarkdown } from './report.ts';

export interface EnginesSettings {
  /** How often each contender is timed. */
  rounds: number;
  /** Folder that onnxruntime-node is installed into, with npm, on demand. */
  cache: string;
  /** Hears what is being measured. */
  note: (message: string) => void;
}

interface Entry {
  name: string;
  jobs: Job[];
}

/** What the project's kernels are meant to reach, on one run. */
const targets = { a: 5, b: 3, forward: { 32: 90, 64: 110 }, heap: 0.5 };
const LIMIT = 'multiply-adds alone';
const PATCHES = 8;
const PATCH = 64;

/**
 * Times the engines of the trainer against one another and against what bounds them. Contenders take turns, round by
 * round, so that their ratios hold on a machine that has other work too.
 *
 * What does not run here is listed in `absent`, with the reason, and costs no other figure.
 */
export async function benchEngines({ rounds, cache, note }: EnginesSettings): Promise<EnginesReport> {
  const absent: EnginesReport['absent'] = [];
  const report: EnginesReport = {
    load: loadavg()[0]!,
    cores: availableParallelism(),
    training: [],
    forward: { peak: 0, rows: [] },
    heap: { size: 512, rows: [] },
    targets: [],
    absent,
  };
  for (const net of Object.keys(nets) as NetName[]) {
    note(`Training steps of net (${net})`);
    report.training.push(await benchTraining(net, rounds, absent));
  }
  note('Forward convolutions');
  report.forward = await benchForward(rounds, new PeerCache(cache), absent);
  note('Heap');
  report.heap.rows = await benchHeap(report.heap.size, absent);
  report.targets = compareWithTargets(report);
  report.absent = absent.filter((one, index) => absent.findIndex(({ name }) => name === one.name) === index);
  return report;
}

async function benchTraining(
  net: NetName,
  rounds: number,
  absent: EnginesReport['absent'],
): Promise<EnginesReport['training'][number]> {
  const train = (engine: string, patches: number, patch = PATCH): Job => ({
    engine,
    work: { kind: 'train', net, patches, patch },
  });
  const entries: Entry[] = [
    { name: 'wasm', jobs: [train('wasm', PATCHES / 2), train('wasm', PATCHES / 2)] },
    { name: 'wasm', jobs: [train('wasm', PATCHES)] },
    { name: 'wasm, composed kernels', jobs: [train('composed', PATCHES)] },
    ...['node', 'node-gpu', 'webgpu'].map((name) => ({ name, jobs: [train(name, PATCHES)] })),
    // The reference is thousands of times slower.
    { name: 'cpu', jobs: [train('cpu', 1, 8)] },
  ];
  const { graph, description } = nets[net];
  const rows = await takeTurns(entries, rounds, absent);
  return {
    net,
    description,
    rows: rows.map(({ name, jobs, milliseconds }) => {
      const shares = jobs.map(({ work }) => work as Extract<Job['work'], { kind: 'train' }>);
      const patches = shares.reduce((sum, share) => sum + share.patches, 0);
      const { patch } = shares[0]!;
      const gigaflops = stepFlops(graph, patches, patch) / milliseconds.median / 1e6;
      return { engine: name, workers: jobs.length, patches, patch, milliseconds, gigaflops };
    }),
  };
}

async function benchForward(
  rounds: number,
  cache: PeerCache,
  absent: EnginesReport['absent'],
): Promise<EnginesReport['forward']> {
  const size = 256;
  const onnx = await cache.entry('onnxruntime-node', '1.30.0').catch((error: unknown) => {
    if (!(error instanceof PellucidError)) throw error;
    absent.push({ name: 'onnxruntime-node', reason: error.message });
    return undefined;
  });
  const names = ['wasm', 'stock', 'node', ...(onnx ? ['onnxruntime-node'] : [])];
  const rows: EnginesReport['forward']['rows'] = [];
  const peaks: number[] = [];
  for (const channels of [32, 64]) {
    const work = { kind: 'forward', channels, size } as const;
    const entries: Entry[] = names.map((engine) => ({
      name: engine === 'stock' ? 'wasm, stock kernels' : engine,
      jobs: [{ engine, work, ...(onnx !== undefined && { entry: onnx }) }],
    }));
    // The limit takes its turn too, so that what slows the others slows it.
    entries.push({ name: LIMIT, jobs: [{ engine: 'none', work: { kind: 'fma' } }] });
    for (const { name, milliseconds, results } of await takeTurns(entries, 3 * rounds, absent)) {
      if (name === LIMIT) peaks.push(...(results as number[]));
      else {
        const gigaflops = (2 * 9 * channels * channels * size * size) / milliseconds.median / 1e6;
        rows.push({ runtime: name, channels, size, milliseconds, gigaflops });
      }
    }
  }
  return { peak: median(peaks), rows };
}

async function benchHeap(
  size: number,
  absent: EnginesReport['absent'],
): Promise<EnginesReport['heap']['rows']> {
  const rows: EnginesReport['heap']['rows'] = [];
  const heap = (engine: string, keep: boolean): Job => ({
    engine,
    work: { kind: 'heap', net: 'a', size, keep },
  });
  const entries: Entry[] = [
    { name: 'ours, each feature map freed at its last use', jobs: [heap('wasm', false)] },
    { name: 'stock kernels, likewise', jobs: [heap('stock', false)] },
    { name: 'stock kernels in tf.tidy', jobs: [heap('stock', true)] },
  ];
  for (const entry of entries)
    for (const { name, heap } of await takeTurns([entry], 1, absent))
      rows.push({ runtime: name, bytes: heap! });
  return rows;
}

interface Timed extends Entry {
  milliseconds: EnginesReport['training'][number]['rows'][number]['milliseconds'];
  heap: number | undefined;
  results: unknown[];
}

/** Opens all contenders that run here and times them in turns. */
async function takeTurns(
  entries: Entry[],
  rounds: number,
  absent: EnginesReport['absent'],
): Promise<Timed[]> {
  const open: (Entry & { contender: Contender })[] = [];
  try {
    for (const entry of entries) {
      try {
        open.push({ ...entry, contender: await Contender.open(entry.jobs) });
      } catch (error) {
        absent.push({ name: entry.name, reason: (error as Error).message });
      }
    }
    for (let round = 0; round < rounds; round++) for (const { contender } of open) await contender.run();
    return open.map(({ name, jobs, contender: { times } }) => {
      const milliseconds = times.map((time) => time.milliseconds);
      return {
        name,
        jobs,
        milliseconds: { median: median(milliseconds), best: Math.min(...milliseconds), rounds },
        heap: times.at(-1)!.heap,
        results: times.map(({ result }) => result),
      };
    });
  } finally {
    await Promise.all(open.map(({ contender }) => contender.close()));
  }
}

function compareWithTargets({ training, forward, heap }: EnginesReport): EnginesReport['targets'] {
  const list: EnginesReport['targets'] = [];
  const add = (what: string, value: number, target: number, met = value >= target) =>
    list.push({ what, value, target, met });
  for (const { net, rows } of training) {
    const time = (engine: string, workers: number) =>
      rows.find((row) => row.engine === engine && row.workers === workers)?.milliseconds.median;
    const [composed, two] = [time('wasm, composed kernels', 1), time('wasm', 2)];
    if (composed !== undefined && two !== undefined)
      add(
        `net (${net}): 2 workers against composed kernels, times as fast`,
        composed / two,
        targets[net as NetName],
      );
  }
  for (const { runtime, channels, gigaflops } of forward.rows)
    if (runtime === 'wasm')
      add(`forward at ${channels} channels, GFLOP/s`, gigaflops, targets.forward[channels as 32 | 64]);
  const [ours, stock] = heap.rows;
  if (ours && stock) {
    const share = ours.bytes / stock.bytes;
    add('heap against stock kernels, at most', share, targets.heap, share <= targets.heap);
  }
  return list;
}
