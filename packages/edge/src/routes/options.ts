import { validator } from 'hono-openapi';
import * as z from 'zod';
import { TASKS } from '../models.ts';
import { problem } from '../problem.ts';
import { FORMATS } from './accept.ts';

/** How images are to be restored, as a query string says it. */
export interface RestoreOptions {
  task: string;
  strength: number;
  quality: number;
  format?: (typeof FORMATS)[number] | undefined;
}

/** The tasks that a request may name. */
export function servedTasks(auto: boolean): string[] {
  return auto ? [...TASKS, 'auto'] : TASKS;
}

function optionsSchema(tasks: string[]) {
  const number = (least: number, most: number, name: string) =>
    z.coerce
      .number({ error: `${name} must be a number from ${least} to ${most}` })
      .min(least, `${name} must be at least ${least}`)
      .max(most, `${name} must be at most ${most}`);
  return z.strictObject({
    task: z.enum(tasks, { error: `task must be one of: ${tasks.join(', ')}` }).meta({
      description:
        'What is to be done: `GET /v1/models` lists it. `sr2` and `sr4` of a JPEG of quality 90 or less, or a WebP ' +
        'of 80, are `sr2/upload` and `sr4/upload`. `auto`, where it is offered, finds out what the image suffers ' +
        'from, and never enlarges.',
    }),
    strength: number(0, 1, 'strength')
      .default(1)
      .meta({
        description:
          'How much of the restored image is in the answer: 1 all, 0 none. The rest is the image as it came, or ' +
          'enlarged by bicubic interpolation.',
      }),
    quality: number(1, 100, 'quality')
      .default(90)
      .meta({ description: 'Of a JPEG or WebP answer. PNG is exact.' }),
    format: z
      .enum(FORMATS, { error: `format must be one of: ${FORMATS.join(', ')}` })
      .optional()
      .meta({ description: 'Of the answer; else `Accept` decides, else it is that of the image sent.' }),
  });
}

/** Reads the query, and tells OpenAPI of it. @throws bad-parameter, which says all that is wrong */
export function restoreOptions(auto: boolean) {
  return validator('query', optionsSchema(servedTasks(auto)), (result) => {
    if (result.success) return;
    const faults = result.error.map(({ message }) => message).join('; ');
    throw problem('bad-parameter', `Correct the query: ${faults}.`);
  });
}
