/** A network's graph as one would draw it on a whiteboard: a line a part, equal blocks drawn once. */
import type { Graph, Node } from './graph.ts';
import { opOf } from './ops/index.ts';

/** One node with its cost. */
export interface Layer {
  /** The name of its weights; that of its kind where it has none. */
  name: string;
  /** What it does, `conv 3x3`. */
  kind: string;
  inputs: number[];
  channels: number;
  /** One position covers so many pixels of the photograph along each axis; Infinity for a global statistic. */
  stride: number;
  parameters: number;
  /** Multiply-accumulates for each pixel of the photograph. */
  macs: number;
}

/** Consecutive nodes that belong together: a layer, a block, or a run of equal blocks. */
export interface Part {
  /** What its layers' names, and no others, have in common; `body.1–3` where that takes more than one. */
  name: string;
  /** How many equal blocks it is made of. */
  blocks: number;
  /** How many times it runs, with the same weights. */
  passes: number;
  /** The layers that do the work in one block, `2 conv 3x3`. */
  content: string;
  channels: number;
  stride: number;
  parameters: number;
  /** Multiply-accumulates for each pixel of the photograph. */
  macs: number;
  /** Names of the earlier parts that it reads beside the one right before it. */
  skips: string[];
  /** The strides of earlier features that later parts still read. */
  waiting: Set<number>;
}

/** All nodes, in the order in which they run; shared weights count where they first stand. */
export function layersOf(graph: Graph): Layer[] {
  const counted = new Set<string>();
  return graph.nodes.map((node) => {
    const { weights, macs } = opOf(node);
    const fresh = (weights?.(node) ?? []).filter(({ name }) => !counted.has(name));
    for (const { name } of fresh) counted.add(name);
    return {
      name: 'name' in node ? node.name : node.op,
      kind: kindOf(node),
      inputs: node.inputs,
      channels: node.channels,
      stride: node.stride,
      parameters: fresh.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
      macs: (macs?.(node) ?? 0) / node.stride ** 2,
    };
  });
}

function kindOf(node: Node): string {
  const words: string[] = [node.op];
  if ('kernel' in node) words.push(`${node.kernel}x${node.kernel}`);
  if ('window' in node) words.push(`${node.window}x${node.window}`);
  if ('step' in node && node.step > 1) words.push(`step ${node.step}`);
  if ('dilation' in node && node.dilation > 1) words.push(`dilation ${node.dilation}`);
  if ('activation' in node && node.activation !== 'none')
    return node.op === 'activation' ? node.activation : [...words, node.activation].join(' ');
  return words.join(' ');
}

/** A node on its way into a part. */
interface Placed extends Layer {
  index: number;
  /** Whether it has a name of its own; others take their neighbour's. */
  named: boolean;
  path: string[];
  /** The stride of the features that it works on, which for a global statistic are those that it was made from. */
  level: number;
  /** The level of the node before it. */
  entry: number;
}

interface Run {
  name: string;
  nodes: Placed[];
  blocks: number;
  /** Those of its nodes that are its first block. */
  block: Placed[];
  passes: number;
}

/** The parts of a network, in the order in which they run. */
export function outline(graph: Graph): Part[] {
  const placed = place(graph);
  const shorten = (run: Run): Run => ({ ...run, name: shortName(run, placed) });
  const runs = joinPasses(joinEqual(split(placed, 0).map(shorten)).map(shorten));
  const runOf = new Map(runs.flatMap(({ nodes }, run) => nodes.map(({ index }) => [index, run])));
  const lastReader = new Map<number, number>();
  for (const [run, { nodes }] of runs.entries())
    for (const { inputs } of nodes) for (const input of inputs) lastReader.set(input, run);

  return runs.map(({ nodes, block, ...rest }, run) => {
    const before = runs.slice(0, run).flatMap((earlier) => earlier.nodes);
    const reads = nodes.flatMap(({ inputs }) => inputs.map((input) => runOf.get(input)!));
    const skips = [...new Set(reads)].filter((read) => read < run - 1);
    const last = nodes.findLast(({ named }) => named) ?? nodes.at(-1)!;
    return {
      ...rest,
      content: contentOf(block),
      channels: last.channels,
      stride: last.level,
      parameters: nodes.reduce((sum, { parameters }) => sum + parameters, 0),
      macs: nodes.reduce((sum, { macs }) => sum + macs, 0),
      skips: skips.map((skip) => runs[skip]!.name),
      waiting: new Set(before.filter(({ index }) => lastReader.get(index)! > run).map(({ level }) => level)),
    };
  });
}

/** Says of each node where it stands in the tree that the dots of the layers' names make. */
function place(graph: Graph): Placed[] {
  const layers = layersOf(graph);
  const placed: Placed[] = [];
  let level = 1;
  for (const [index, layer] of layers.entries()) {
    const before = placed.at(-1);
    const changes = Number.isFinite(layer.stride) && layer.stride !== level;
    if (Number.isFinite(layer.stride)) level = layer.stride;
    const named = 'name' in graph.nodes[index]!;
    // A node without a name belongs to what it comes after, but one that changes the resolution to what it comes before.
    const next = graph.nodes.slice(index).find((node) => 'name' in node);
    let path = before?.path ?? [layer.name];
    if (named) path = layer.name.split('.');
    else if (changes || before?.name === 'input')
      path = next && 'name' in next ? next.name.split('.') : ['end'];
    placed.push({ ...layer, index, named, path, level, entry: before?.level ?? level });
  }
  return placed;
}

/** Goes down the tree of names until each run is one layer or block, at one resolution. */
function split(nodes: Placed[], depth: number): Run[] {
  return groups(nodes, ({ path }) => path[depth]).flatMap((group): Run[] => {
    const path = group[0]!.path.slice(0, depth + 1);
    const isItem = /^\d+$/.test(path.at(-1)!);
    const list = listDepth(group, depth + 1, !isItem);
    if (list !== undefined) return split(group, list);
    const levels = groups(group, ({ level }) => String(level));
    // A block in a list may work at another resolution in between.
    const returns = isItem && group[0]!.entry === group.at(-1)!.level;
    const isDeeper = group.some(({ path }) => path.length > depth + 1);
    if (levels.length > 1 && isDeeper && !returns) return split(group, depth + 1);
    return (returns ? [group] : levels).map((nodes) => ({
      name: path.join('.'),
      nodes,
      blocks: 1,
      block: nodes,
      passes: 1,
    }));
  });
}

/** The depth, from `depth` on, at which all paths go on with a number, after names that they share; undefined if none. */
function listDepth(nodes: Placed[], depth: number, passNames = true): number | undefined {
  const parts = new Set(nodes.map(({ path }) => path[depth]));
  if ([...parts].every((part) => /^\d+$/.test(part ?? ''))) return depth;
  return passNames && parts.size === 1 && !parts.has(undefined) ? listDepth(nodes, depth + 1) : undefined;
}

/** Cuts a list where the key changes. */
function groups<T>(items: T[], key: (item: T) => string | undefined): T[][] {
  const cut: T[][] = [];
  for (const item of items) {
    const current = cut.at(-1);
    if (current && key(current[0]!) === key(item)) current.push(item);
    else cut.push([item]);
  }
  return cut;
}

/** Makes one run of neighbours whose layers are the same and whose names differ in a number. */
function joinEqual(runs: Run[]): Run[] {
  return groups(runs, signature).map((equal) => {
    const [first, last] = [equal[0]!, equal.at(-1)!];
    if (equal.length === 1) return first;
    return {
      name: `${first.name}–${/\d+$/.exec(last.name)?.[0]}`,
      nodes: equal.flatMap(({ nodes }) => nodes),
      blocks: equal.length,
      block: first.nodes,
      passes: 1,
    };
  });
}

/** Makes one of each run that a recurrent network comes back to, pass after pass. */
function joinPasses(runs: Run[]): Run[] {
  const keys = runs.map(({ name, nodes }) => `${name} ${nodes[0]!.level}`);
  for (const [start, key] of keys.entries()) {
    const period = keys.indexOf(key, start + 1) - start;
    if (period < 1) continue;
    let end = start + period;
    while (end < runs.length && keys[end] === keys[end - period]) end++;
    const passes = Math.floor((end - start) / period);
    if (passes < 2) continue;
    const joined = runs.slice(start, start + period).map((run, offset): Run => {
      const nodes = Array.from({ length: passes }, (_, pass) => runs[start + pass * period + offset]!.nodes);
      return { ...run, nodes: nodes.flat(), passes };
    });
    return [...runs.slice(0, start), ...joined, ...joinPasses(runs.slice(start + passes * period))];
  }
  return runs;
}

/** The shortest beginning of names that a run's layers, and no others, have in common. */
function shortName(run: Run, placed: Placed[]): string {
  const own = new Set(run.nodes.filter(({ named }) => named).map(({ name }) => name));
  const path = run.nodes.find(({ named }) => named)?.path ?? [];
  for (let length = 1; length <= path.length; length++) {
    const begins = placed.filter(
      ({ named, path: other }) => named && path.slice(0, length).every((part, i) => part === other[i]),
    );
    const names = new Set(begins.map(({ name }) => name));
    if (names.size === own.size && [...names].every((name) => own.has(name)))
      return path.slice(0, length).join('.');
  }
  return run.name;
}

/** What runs have in common that are the same but for their number. */
function signature({ name, nodes }: Run): string {
  const layers = nodes
    .filter(({ named }) => named)
    .map(({ kind, channels, level }) => [kind, channels, level]);
  return JSON.stringify([name.replace(/\d+$/, '#'), layers]);
}

/** Kinds of layers and their numbers, `2 conv 3x3`: those that multiply, or all where none does. */
function contentOf(nodes: Placed[]): string {
  const working = nodes.filter(({ macs }) => macs > 0);
  const counts = new Map<string, number>();
  for (const { kind } of working.length > 0 ? working : nodes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => (count > 1 ? `${count} ${kind}` : kind)).join(', ');
}
