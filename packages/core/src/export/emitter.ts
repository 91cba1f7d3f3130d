import { PellucidError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import type { Node } from '../network/graph.ts';

/** What of a model an export writes down. */
export type Exportable = Pick<Model, 'name' | 'task' | 'graph' | 'weights'>;

/** What a node of kind `K` looks like. */
export type NodeOf<K extends Node['op']> = Extract<Node, { op: K }>;

/** Writes a node down in a format's own operations; takes and returns names of values in the file. */
export type Emitter<Builder, K extends Node['op']> = (
  to: Builder,
  node: NodeOf<K>,
  inputs: string[],
) => string;

/** The kinds of node that a format has, each with its emitter. */
export type Emitters<Builder> = { [K in Node['op']]?: Emitter<Builder, K> };

/**
 * Writes down all nodes in the order in which they run.
 *
 * @returns the name of the output
 * @throws PellucidError `export/unsupported-node`, which names the kind of node that the format has no emitter for
 */
export function emitAll<Builder>(
  emitters: Emitters<Builder>,
  format: string,
  to: Builder,
  { nodes, output }: { nodes: Node[]; output: number },
): string {
  const names: string[] = [];
  for (const node of nodes) {
    const emit = emitters[node.op] as Emitter<Builder, Node['op']> | undefined;
    if (!emit)
      throw new PellucidError(
        'export/unsupported-node',
        `The network has a node of kind "${node.op}", which cannot be exported as ${format}: export it as safetensors.`,
      );
    const inputs = node.inputs.map((index) => names[index]!);
    names.push(emit(to, node as never, inputs));
  }
  return names[output]!;
}
