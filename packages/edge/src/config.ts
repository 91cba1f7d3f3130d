import { PellucidError } from '@pellucid/core';
import type { RequestIdVariables } from 'hono/request-id';
import * as z from 'zod';
import type { JobBindings } from './jobs/bindings.ts';

const MEBIBYTE = 2 ** 20;

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** Items between commas; none when the variable is not set. */
const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((item) => item.trim()))
  .transform((items) => items.filter((item) => item !== ''));

const origin = z
  .string()
  .refine((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text), {
    error: 'must be * or origins such as https://example.com, without a path',
  });

/**
 * Every variable that changes what the service does, with its default. The limits follow from the memory model in
 * MEMORY.md: raise one only with its reason in view.
 */
const variables = z.object({
  /** Bytes of a request's body, and of each image of a job. */
  MAX_BODY_BYTES: count(1024, 100 * MEBIBYTE).default(10 * MEBIBYTE),
  /** Bytes of all bodies that an isolate holds at once, waiting ones too. */
  MAX_HELD_BYTES: count(1024, 100 * MEBIBYTE).default(10 * MEBIBYTE),
  /** Pixels of an image, as sent. */
  MAX_PIXELS: count(1, 2 ** 28).default(MEBIBYTE),
  /** Pixels of an image that a network has enlarged. */
  MAX_OUTPUT_PIXELS: count(1, 2 ** 28).default(MEBIBYTE),
  /** The longer side of an image, sent or enlarged. */
  MAX_SIDE: count(1, 16383).default(4096),
  /** Scans of a progressive JPEG. */
  MAX_SCANS: count(1, 1000).default(64),
  /** Multiply-accumulates of one restoration, in thousands of millions: what bounds its processor time. */
  MAX_GIGAMACS: count(1, 10_000).default(100),
  /** How many may wait beside the one whose image is being restored. */
  MAX_WAITING: count(0, 100).default(4),
  /** How long a body may take to arrive. */
  BODY_TIMEOUT_SECONDS: count(1, 600).default(30),
  /** How long a restoration may take, looked at between tiles. */
  DEADLINE_SECONDS: count(1, 600).default(60),
  /** How long a result stays in the cache of the data centre; 0 keeps none. */
  CACHE_SECONDS: count(0, 31_536_000).default(3600),
  /** Bearer tokens, any of which lets a request in. Without one, the service is open. */
  API_TOKENS: list.pipe(z.array(z.string().min(16, 'needs tokens of at least 16 characters'))),
  /** Origins whose pages may call the service from a browser. */
  CORS_ORIGINS: list.pipe(z.array(origin)),
  /** Images of one job. */
  MAX_JOB_IMAGES: count(1, 1000).default(100),
  /** How long a job and its results are kept. */
  JOB_HOURS: count(1, 24 * 365).default(24),
});

export type Config = z.infer<typeof variables>;

/** The limits alone, for a test or a program that has no environment. */
export const DEFAULTS: Config = variables.parse({});

/** What the platform hands to the Worker: variables and bindings, all optional. */
export type Env = Partial<Record<keyof Config, unknown>> & Partial<JobBindings> & { RATE_LIMIT?: RateLimit };

/** What every handler of a request can read: the environment, and what has been found out about the request. */
export interface AppEnv {
  Bindings: Env;
  Variables: RequestIdVariables & { config: Config; facts: Record<string, unknown> };
}

/** Cloudflare's `ratelimits` binding. */
export interface RateLimit {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

const read = new WeakMap<Env, Config | PellucidError>();

/**
 * Reads the variables, once for each environment.
 *
 * @throws PellucidError `misconfigured`, which names each wrong variable and never its value
 */
export function configOf(env: Env): Config {
  let config = read.get(env);
  if (!config) {
    config = check(env);
    read.set(env, config);
  }
  if (config instanceof PellucidError) throw config;
  return config;
}

function check(env: Env): Config | PellucidError {
  const parsed = variables.safeParse(env);
  const faults = (parsed.error?.issues ?? []).map(({ path, message }) => `${String(path[0])}: ${message}`);
  if (parsed.data && parsed.data.MAX_HELD_BYTES < parsed.data.MAX_BODY_BYTES) {
    faults.push('MAX_HELD_BYTES: must be at least MAX_BODY_BYTES');
  }
  const bound = [env.BUCKET, env.JOB_QUEUE, env.JOBS].filter(Boolean).length;
  if (bound > 0 && bound < 3)
    faults.push('BUCKET, JOB_QUEUE, JOBS: bind all three, or none to do without jobs');
  if (parsed.data && faults.length === 0) return parsed.data;
  return new PellucidError('misconfigured', `Correct the configuration: ${faults.join('; ')}.`, {
    cause: 'the configuration is wrong',
  });
}
