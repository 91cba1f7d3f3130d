import { blockMean, forward, type Graph, PellucidError } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { ask, type View } from './ask.ts';
import type { Batch, Network } from './method.ts';

/** One of the student's taps and the teacher's tap that it is compared with. */
export interface TapNames {
  student: string;
  teacher: string;
}

/** The same with all that has to be known to compare them, before there is any feature. */
export interface Pair extends TapNames {
  channels: { student: number; teacher: number };
  /** The side of the squares that each is averaged over, so that both have the coarser one's positions; 1 for one. */
  block: { student: number; teacher: number };
  /** One compared position covers `stride` x `stride` pixels of the photograph. */
  stride: number;
}

const sides = ['encoder', 'decoder'] as const;

/**
 * The pairs that a recipe asks for with `method.taps`; unless it does, every level of encoder and decoder, or, between two
 * networks that work at one size throughout, the stages of `pairStages`.
 *
 * @throws PellucidError `method/no-tap`, `method/no-levels` or `method/scales`
 */
export function pairTaps(student: Graph, teacher: Graph, taps: readonly TapNames[] | undefined): Pair[] {
  if (!taps && 'head' in student.taps && 'head' in teacher.taps) return pairStages(student, teacher);
  if (!taps) return sides.flatMap((side) => pairLevels(student, teacher, side));
  return taps.map((names, index) => {
    for (const [role, graph] of [
      ['student', student],
      ['teacher', teacher],
    ] as const) {
      if (names[role] in graph.taps) continue;
      throw new PellucidError(
        'method/no-tap',
        `method.taps.${index}.${role}: the ${role} has no tap ${names[role]}; it has ${listTaps(graph)}.`,
      );
    }
    return pairOf(student, teacher, names);
  });
}

/**
 * What two networks of one size throughout have after none, `1/3`, `2/3` and all of their layers: from `head` by the `body`
 * to the last tap. FAKD's authors take these four of EDSR and RCAN.
 */
export function pairStages(
  student: Graph,
  teacher: Graph,
  shares: readonly number[] = [0, 1 / 3, 2 / 3, 1],
): Pair[] {
  const at = (graph: Graph, share: number) => {
    const taps = Object.keys(graph.taps);
    return taps[Math.round(share * (taps.length - 1))]!;
  };
  const names = shares.map((share) => ({ student: at(student, share), teacher: at(teacher, share) }));
  // A shallow network has fewer stages than there are shares.
  const different = names.filter(
    (name, i) => i === 0 || JSON.stringify(name) !== JSON.stringify(names[i - 1]),
  );
  return different.map((name) => pairOf(student, teacher, name));
}

/**
 * Each of the student's levels (`encoder0`, `encoder1` ..) with the teacher's level of the same stride; where there is
 * none, with the one of the nearest, the finer of two.
 *
 * @throws PellucidError `method/no-levels` where a network has no such levels; `method/scales`
 */
export function pairLevels(student: Graph, teacher: Graph, side: 'encoder' | 'decoder'): Pair[] {
  const [learning, teaching] = [levelsOf(student, side, 'student'), levelsOf(teacher, side, 'teacher')];
  return learning.map((tap) => {
    const distance = (other: string) =>
      Math.abs(Math.log2(strideOf(teacher, other) / strideOf(student, tap)));
    const [nearest] = teaching.toSorted(
      (a, b) => distance(a) - distance(b) || strideOf(teacher, a) - strideOf(teacher, b),
    );
    return pairOf(student, teacher, { student: tap, teacher: nearest! });
  });
}

/** Bytes of one copy of all that is compared, at the teacher's width, on patches of a size in pixels. */
export function bytesCompared(
  pairs: readonly Pair[],
  patches: number,
  height: number,
  width: number,
): number {
  const values = pairs.reduce((sum, { channels, stride }) => sum + channels.teacher / stride ** 2, 0);
  return 4 * values * patches * height * width;
}

/** Bytes of one copy of a matrix of all pairs of positions for each pair of features, pooled to at most `most` positions. */
export function bytesOfAffinities(
  pairs: readonly Pair[],
  most: number,
  patches: number,
  height: number,
  width: number,
): number {
  const squares = pairs.map(({ stride }) => Math.min(most, (height * width) / stride ** 2) ** 2);
  return 4 * patches * squares.reduce((sum, square) => sum + square, 0);
}

/** Runs the student and reads off its side of each pair, averaged to the pair's common size. */
export function runStudent(
  { graph, weights }: Network,
  batch: Batch,
  pairs: readonly Pair[],
): { output: tf.Tensor4D; features: tf.Tensor4D[] } {
  const names = pairs.map(({ student }) => student);
  const { output, taps } = forward(graph, weights, batch.degraded, names);
  return { output, features: pairs.map((pair) => blockMean(taps[pair.student]!, pair.block.student)) };
}

/** Asks a teacher about a batch and reads off its side of each pair, averaged to the pair's common size. */
export function runTeacher(
  teacher: Network,
  view: View,
  batch: Batch,
  pairs: readonly Pair[],
): { output: tf.Tensor4D; features: tf.Tensor4D[] } {
  return tf.tidy(() => {
    const names = pairs.map((pair) => pair.teacher);
    const { output, taps } = ask(teacher, view, batch, names);
    return { output, features: pairs.map((pair) => blockMean(taps[pair.teacher]!, pair.block.teacher)) };
  });
}

function pairOf(student: Graph, teacher: Graph, names: TapNames): Pair {
  const strides = { student: strideOf(student, names.student), teacher: strideOf(teacher, names.teacher) };
  const stride = Math.max(strides.student, strides.teacher);
  const block = { student: stride / strides.student, teacher: stride / strides.teacher };
  if (!Number.isInteger(block.student) || !Number.isInteger(block.teacher))
    throw new PellucidError(
      'method/scales',
      `method.taps: the student's ${names.student} (1/${strides.student} of the photograph's size) and the teacher's ${names.teacher} (1/${strides.teacher}) cannot be brought to one size: take taps of which one is a whole multiple of the other.`,
    );
  const channels = {
    student: channelsOf(student, names.student),
    teacher: channelsOf(teacher, names.teacher),
  };
  return { ...names, channels, block, stride };
}

function levelsOf(graph: Graph, side: string, role: 'student' | 'teacher'): string[] {
  const levels = Object.keys(graph.taps).filter((tap) => new RegExp(`^${side}\\d+$`).test(tap));
  if (levels.length > 0) return levels;
  throw new PellucidError(
    'method/no-levels',
    `${role === 'student' ? 'student.kind' : 'teacher'}: the ${role} has no ${side} levels to compare, only ${listTaps(graph)}. Take a network with levels (such as edge-unet, nafnet, restormer, uformer, drsformer), name the features to compare in method.taps where the method has them, or take the method logits.`,
  );
}

const strideOf = (graph: Graph, tap: string) => graph.nodes[graph.taps[tap]!]!.stride;
const channelsOf = (graph: Graph, tap: string) => graph.nodes[graph.taps[tap]!]!.channels;
const listTaps = (graph: Graph) => Object.keys(graph.taps).join(', ') || 'no taps at all';
