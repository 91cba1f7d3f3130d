import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * Physical cores that this process may use. The two threads of one core share its arithmetic units, which training
 * alone keeps busy: a worker on each would only take memory. Off Linux, whatever the system counts.
 */
export function physicalCores(): number {
  const usable = availableParallelism();
  const siblings = new Set<string>();
  try {
    for (const cpu of readFileSync('/sys/devices/system/cpu/online', 'utf8').split(',').flatMap(range))
      siblings.add(readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`, 'utf8'));
  } catch {
    return usable;
  }
  return Math.min(usable, siblings.size);
}

/** The numbers of `3` or `0-7`. */
function range(text: string): number[] {
  const [from, to = from] = text.split('-').map(Number) as [number, number?];
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
