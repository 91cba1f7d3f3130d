import { forward } from '@pellucid/core';
import type { Method } from './method.ts';

/** No teacher: the distance from the clean patch, which every distillation has to beat. */
export function scratch(): Method {
  return {
    auxiliaries: [],
    loss: (student, _teachers, batch) => () => {
      const restored = forward(student.graph, student.weights, batch.degraded).output;
      const pixel = batch.distance(restored, batch.clean);
      return { total: pixel, parts: { l_pixel: pixel } };
    },
  };
}
