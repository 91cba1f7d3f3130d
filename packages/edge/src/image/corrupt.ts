import type { PellucidError } from '@pellucid/core';
import { problem } from '../problem.ts';

/** The answer to a file that breaks its own format's rules. `what` names the rule, for the person who made the file. */
export function corrupt(what: string, cause?: unknown): PellucidError {
  return problem('image-corrupt', `Export the image again: ${what}.`, cause);
}
