import {
  bicubicDownscale,
  enlargement,
  forward,
  type Graph,
  PellucidError,
  Random,
  trainingMemory,
} from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { ask } from './ask.ts';
import type { Batch, Method } from './method.ts';

/** How likely each change of a patch is. */
const share = 0.3;

/**
 * DUKD: Zhang et al., Data Upcycling Knowledge Distillation for Image Super-Resolution, 2023 (arXiv 2309.14162). Beside its
 * own task, the student follows the teacher on patches that the batch already holds:
 *
 *     L = pixel |S(x) - y| + |S(x) - T(x)| + |S(g(y_s)) - g(T(y_s))| + pixel |S(x_d) - x| + |S(x_d) - T(x_d)|
 *
 * zooming in on a part y_s of the clean patch, as large as x, for which there is no truth; and out, to x reduced once more,
 * x_d. The student sees y_s changed by g: inverted, mirrored along either axis, transposed, each of 3 in 10; its label is
 * changed alike (label consistency).
 *
 * Here |a - b| is the recipe's `loss`, all five times. The authors' code takes a step of the optimiser for the first two
 * terms and another for the rest; here it is one. The part and its changes follow from the patch's own pixels, so that
 * resumed runs and several workers choose alike.
 *
 * @throws PellucidError `method/keeps-size` where the student does not enlarge
 */
export function dukd({ pixel }: { pixel: number }, student: Graph, teacher: Graph): Method {
  const scale = enlargement(student) as 2 | 3 | 4;
  if (enlargement(student) === 1)
    throw new PellucidError(
      'method/keeps-size',
      'method.kind: dukd zooms in and out, and the student does not enlarge: take a student of super-resolution, or another method.',
    );
  return {
    auxiliaries: [],
    // Patches are reduced once more, and what is left must fit both networks.
    patchMultiple: scale ** 2 * Math.max(student.alignment, teacher.alignment),
    // The student's run on the part, as large as its own, and on the smaller patch.
    held: (patches, height, width) =>
      (1 + 1 / scale ** 2) * trainingMemory(student, patches * height * width),
    loss({ graph, weights }, [network], batch) {
      const teach = (x: tf.Tensor4D) => forward(network!.graph, network!.weights, x).output;
      const { parts, ways } = zoomIn(batch, scale);
      const reduced = zoomOut(batch, scale);
      const taught = ask(network!, 'degraded', batch).output;
      const [partTaught, reducedTaught] = [teach(parts), teach(reduced)];
      const [changed, changedTaught] = [changeAll(parts, ways), changeAll(partTaught, ways)];
      return () => {
        const learn = (x: tf.Tensor4D) => forward(graph, weights, x).output;
        const restored = learn(batch.degraded);
        const small = learn(reduced);
        const losses = {
          l_pixel: batch.distance(restored, batch.clean),
          l_teacher: batch.distance(restored, taught),
          l_zoom_in: batch.distance(learn(changed), changedTaught),
          l_zoom_out_pixel: batch.distance(small, batch.degraded),
          l_zoom_out_teacher: batch.distance(small, reducedTaught),
        };
        const { l_pixel, l_teacher, l_zoom_in, l_zoom_out_pixel, l_zoom_out_teacher } = losses;
        const truth = tf.mul(tf.add(l_pixel, l_zoom_out_pixel), pixel);
        const total = tf.addN([truth, l_teacher, l_zoom_in, l_zoom_out_teacher]) as tf.Scalar;
        return { total, parts: losses };
      };
    },
  };
}

interface Ways {
  invert: boolean;
  down: boolean;
  across: boolean;
  transpose: boolean;
}

/** A part of each clean patch, of the degraded patch's size, and how it is to be changed. */
function zoomIn({ clean, degraded }: Batch, scale: number): { parts: tf.Tensor4D; ways: Ways[] } {
  const [patches, side] = degraded.shape;
  const pixels = clean.dataSync();
  const randoms = Array.from({ length: patches }, (_, i) => {
    const length = pixels.length / patches;
    return new Random(pixels.subarray(i * length, i * length + 192).join());
  });
  const places = randoms.map(
    (random) => [random.integer(scale) * side, random.integer(scale) * side] as const,
  );
  const parts = places.map(([top, left], i) => tf.slice(clean, [i, top, left, 0], [1, side, side, 3]));
  const happens = (random: Random) => random.next() < share;
  const ways = randoms.map((random) => ({
    invert: happens(random),
    down: happens(random),
    across: happens(random),
    transpose: happens(random),
  }));
  return { parts: tf.concat(parts), ways };
}

/** Each degraded patch, reduced once more. */
function zoomOut({ degraded }: Batch, scale: 2 | 3 | 4): tf.Tensor4D {
  const [patches, side] = degraded.shape;
  const { apply } = bicubicDownscale({ scale });
  const pixels = degraded.dataSync() as Float32Array;
  const length = pixels.length / patches;
  const reduced = new Float32Array(pixels.length / scale ** 2);
  for (let i = 0; i < patches; i++) {
    const patch = pixels.subarray(i * length, (i + 1) * length);
    reduced.set(apply(patch, side, side, new Random(0)), (i * length) / scale ** 2);
  }
  return tf.tensor4d(reduced, [patches, side / scale, side / scale, 3]);
}

function changeAll(patches: tf.Tensor4D, ways: readonly Ways[]): tf.Tensor4D {
  return tf.concat(
    ways.map((way, i) => {
      let patch = tf.slice(patches, [i, 0, 0, 0], [1, -1, -1, -1]) as tf.Tensor4D;
      if (way.invert) patch = tf.sub(1, patch);
      const axes = [...(way.down ? [1] : []), ...(way.across ? [2] : [])];
      if (axes.length > 0) patch = tf.reverse(patch, axes);
      return way.transpose ? tf.transpose(patch, [0, 2, 1, 3]) : patch;
    }),
  );
}
