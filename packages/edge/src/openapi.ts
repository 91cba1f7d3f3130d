import { describeRoute, loadVendor, resolver } from 'hono-openapi';
import * as z from 'zod';
import { version } from '../package.json';
import { jobDocument } from './jobs/progress.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

// The library finds the function itself, by loading zod a second time and whole.
loadVendor('zod', {
  toJSONSchema: (schema, options) => z.toJSONSchema(schema as z.ZodType, options) as never,
});

/** What the OpenAPI document says beside its paths, which it takes from the routes. */
export const about = {
  openapi: '3.1.0',
  info: {
    title: 'Pellucid',
    version,
    description:
      'Restores degraded photographs. Images are PNG, JPEG or WebP; errors are RFC 9457 problem documents.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  components: {
    securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } },
  },
  // Either none or a token: a deployment decides.
  security: [{}, { token: [] }] as Record<string, string[]>[],
};

const problemDocument = z
  .object({
    type: z.url().meta({ description: 'Says which problem it is, and leads to its explanation.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What to do.' }),
    instance: z.string().meta({ description: "The request's id, as in X-Request-Id." }),
  })
  .meta({ id: 'Problem' });

/** The answers to a request with these problems, those of one status together. */
function problems(...codes: ProblemCode[]) {
  const byStatus = Map.groupBy(
    [...codes, 'internal' as const, 'misconfigured' as const],
    (code) => PROBLEMS[code].status,
  );
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `${code}: ${PROBLEMS[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: resolver(problemDocument) } },
      },
    ]),
  );
}

const BODY = [
  'empty-body',
  'bad-form',
  'body-incomplete',
  'body-timeout',
  'body-too-large',
  'unsupported-encoding',
] as const;
const ACCESS = ['unauthorized', 'rate-limited'] as const;

const binary = { schema: { type: 'string' as const, format: 'binary' } };
const images = { 'image/png': binary, 'image/jpeg': binary, 'image/webp': binary };

/** A form of one or more files. */
function form(file: object) {
  return {
    'multipart/form-data': {
      schema: { type: 'object' as const, required: ['file'], properties: { file } },
    },
  };
}

const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema: resolver(schema) } },
});

const model = z.object({
  task: z.string().meta({ description: 'What `task` of a request names it by.' }),
  name: z.string(),
  enlargement: z.int().meta({ description: 'How many times each side grows; 1 where the size stays.' }),
  parameters: z.int(),
  macs_per_pixel: z.number().meta({ description: 'Multiply-accumulates, of an image as sent.' }),
  file_bytes: z.int(),
  max_pixels: z.int().meta({ description: 'Of an image as sent.' }),
  max_side: z.int().meta({ description: 'Of an image as sent, the longer one.' }),
});

/** What the OpenAPI document says of each route. */
export const operations = {
  health: describeRoute({
    summary: 'Whether the service runs.',
    responses: { 200: json('It does.', z.object({ status: z.literal('ok') })) },
  }),
  ready: describeRoute({
    summary: 'Whether the configuration is right and the engine starts.',
    responses: {
      200: json(
        'Both are.',
        z.object({ status: z.literal('ready'), tasks: z.array(z.string()), jobs: z.boolean() }),
      ),
      ...problems(),
    },
  }),
  models: describeRoute({
    summary: 'The models in the bundle, and the largest image that each takes.',
    responses: {
      200: json('All of them.', z.object({ models: z.array(model) })),
      ...problems('unauthorized'),
    },
  }),
  restore: describeRoute({
    summary: 'Restores one image.',
    description:
      'The body is the image, or a form with it in a part called file. The answer has the format that `format` names, ' +
      'or the one that Accept prefers, or that of the image. It has the size of the image, times the `enlargement` that ' +
      '`GET /v1/models` gives of the task, as it gives the largest image that the task takes.',
    // Not marked as required: the validator would then take every body for a form.
    requestBody: { content: { ...images, ...form({ type: 'string', format: 'binary' }) } },
    responses: {
      200: {
        description: 'The restored image.',
        content: images,
        headers: {
          ETag: {
            description: 'Stands for the image sent, the model and the options.',
            schema: { type: 'string' },
          },
          'X-Pellucid-Task': { description: 'What was done, or none.', schema: { type: 'string' } },
          'X-Pellucid-Model': { description: 'The model that did it.', schema: { type: 'string' } },
          'X-Pellucid-Tiles': { description: 'In how many tiles.', schema: { type: 'integer' } },
        },
      },
      304: { description: 'If-None-Match holds the ETag that the answer would have.' },
      ...problems(
        'bad-parameter',
        ...BODY,
        ...ACCESS,
        'not-acceptable',
        'unsupported-format',
        'image-corrupt',
        'image-too-large',
        'image-animated',
        'image-cmyk',
        'image-too-many-scans',
        'image-variant',
        'busy',
        'deadline-exceeded',
      ),
    },
  }),
  createJob: describeRoute({
    summary: 'Takes many images to be restored by and by.',
    description:
      'A form with the images in parts called file, or JSON that names images below inbox/ in the bucket. The same ' +
      'images with the same options, or the same Idempotency-Key, are one job.',
    parameters: [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string', maxLength: 255 } }],
    requestBody: {
      content: {
        ...form({ type: 'array', items: { type: 'string', format: 'binary' } }),
        'application/json': {
          schema: {
            type: 'object',
            required: ['keys'],
            properties: { keys: { type: 'array', items: { type: 'string' } } },
          },
        },
      },
    },
    responses: {
      200: json('The job was there already.', jobDocument),
      202: json('The job is accepted; Location is where to ask for its progress.', jobDocument),
      ...problems(
        'bad-parameter',
        'bad-json',
        ...BODY,
        ...ACCESS,
        'too-many-images',
        'idempotency-conflict',
        'jobs-not-configured',
        'busy',
      ),
    },
  }),
  job: describeRoute({
    summary: 'How far a job is, and where its results are.',
    responses: {
      200: json('The job.', jobDocument),
      ...problems('unauthorized', 'job-not-found', 'jobs-not-configured'),
    },
  }),
  cancelJob: describeRoute({
    summary: 'Cancels what of a job has not been restored. Results stay until the job expires.',
    responses: {
      200: json('The job.', jobDocument),
      ...problems('unauthorized', 'job-not-found', 'jobs-not-configured'),
    },
  }),
  result: describeRoute({
    summary: 'One restored image of a job.',
    responses: {
      200: { description: 'The restored image.', content: images },
      304: { description: 'If-None-Match holds its ETag.' },
      ...problems('unauthorized', 'job-not-found', 'result-not-found', 'jobs-not-configured'),
    },
  }),
};
