import { PellucidError } from '@pellucid/core';
import { nearest } from '@pellucid/trainer';

/** An error that says what the person most likely meant, and what there is. */
export function unknown(what: string, word: string, known: readonly string[], code: string): PellucidError {
  const meant = nearest(word, known);
  const hint = meant ? `; did you mean ${meant}?` : '.';
  return new PellucidError(code, `There is no ${what} "${word}"${hint} There is: ${known.join(', ')}.`);
}
