import { z } from 'zod';

/** What an archive remembers of the machine it was packed on. */
export const manifestSchema = z.object({
  format: z.literal('pellucid-pack/1'),
  /** Where each of the recipe's inputs lies in the archive, and where it lay on that machine. */
  paths: z.record(z.string(), z.string()),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The folder of an archive that holds what the recipe names. */
export const INPUTS = 'inputs';

/** Where an input of the recipe lies in an archive: a path that nobody has by accident. */
export function packedPath(name: string): string {
  return `${INPUTS}/${name}`;
}

/** A copy of a recipe, or of a part of one, in which every path into the archive is what it was before. */
export function restorePaths<T>(value: T, paths: Manifest['paths']): T {
  if (typeof value === 'string') return (paths[value] ?? value) as T;
  if (Array.isArray(value)) return value.map((item) => restorePaths(item, paths)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, restorePaths(item, paths)]),
  ) as T;
}
