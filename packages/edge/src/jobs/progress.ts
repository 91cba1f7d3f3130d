import * as z from 'zod';

const imageDocument = z.object({
  index: z.int(),
  name: z.string().meta({ description: 'Of the file sent, or the key.' }),
  status: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  result: z.string().optional().meta({ description: 'Where the restored image is, once it is done.' }),
  task: z.string().optional().meta({ description: 'What was done, or none.' }),
  problem: z
    .object({ type: z.string(), title: z.string(), detail: z.string() })
    .optional()
    .meta({ description: 'Why there is no result.' }),
});

/** What the service says of a job. */
export const jobDocument = z
  .object({
    id: z.string(),
    status: z.enum(['queued', 'running', 'done', 'cancelled']).meta({
      description: 'done when every image is done or failed.',
    }),
    task: z.string(),
    total: z.int(),
    done: z.int(),
    failed: z.int(),
    created: z.string(),
    expires: z.string().meta({ description: 'When the job and its results are deleted.' }),
    images: z.array(imageDocument),
  })
  .meta({ id: 'Job' });

export type JobDocument = z.infer<typeof jobDocument>;
export type ImageDocument = z.infer<typeof imageDocument>;
