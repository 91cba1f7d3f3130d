import { parseAccept } from 'hono/utils/accept';
import type { ImageFormat } from '../image/header.ts';
import { problem } from '../problem.ts';

/** In the order in which an equal wish is met, after the format that came in. */
export const FORMATS = ['png', 'webp', 'jpeg'] as const satisfies ImageFormat[];

/** Answers with a format for an image that came in as `input`. */
export type FormatChoice = (input: ImageFormat) => ImageFormat;

/**
 * Reads an Accept header as RFC 9110, section 12.5.1: the most specific range that fits a format gives its weight.
 *
 * @throws not-acceptable
 */
export function formatChoice(accept: string | undefined): FormatChoice {
  const ranges = accept ? parseAccept(accept) : [{ type: '*/*', q: 1 }];
  const weight = (format: ImageFormat): number =>
    [`image/${format}`, 'image/*', '*/*']
      .map((range) => ranges.find(({ type }) => type.toLowerCase() === range)?.q)
      .find((q) => q !== undefined) ?? 0;
  const best = Math.max(...FORMATS.map(weight));
  if (best === 0) throw problem('not-acceptable', 'Accept image/png, image/jpeg or image/webp.');
  const wanted = FORMATS.filter((format) => weight(format) === best);
  return (input) => (wanted.some((format) => format === input) ? input : wanted[0]!);
}
