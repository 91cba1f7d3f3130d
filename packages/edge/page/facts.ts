import type { Outcome } from './outcome.ts';

/** What was done, as terms and descriptions. */
export function factsOf(
  sent: Blob,
  { image, task, model, tiles, milliseconds, phases }: Outcome,
): [string, string][] {
  // What was there already took no time.
  const parts = phases
    .filter(({ milliseconds }) => milliseconds >= 0.5)
    .map(({ name, milliseconds }) => `${name} ${duration(milliseconds)}`);
  return [
    task === null
      ? ['Found', 'nothing to mend']
      : ['Model', `${model ?? task}, ${tiles === 1 ? 'one piece' : `${tiles} tiles`}`],
    ['File', `${bytes(sent.size)} to ${bytes(image.size)}`],
    ['Time', `${duration(milliseconds)}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`],
  ];
}

export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function bytes(count: number): string {
  return count < 1e6 ? `${Math.max(1, Math.round(count / 1e3))} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** A name for the restored file: that of the photograph, what was done, and the ending of its format. */
export function fileName(photograph: string, task: string, type: string): string {
  return `${photograph.replace(/\.\w+$/, '')}-${task.replace('/', '-')}.${type.replace('image/', '').replace('jpeg', 'jpg')}`;
}
