import { DurableObject, type DurableObjectState } from 'cloudflare:workers';
import type { Env } from '../config.ts';
import type { ImageFormat } from '../image/header.ts';
import type { JobBindings } from './bindings.ts';
import type { ImageDocument, JobDocument } from './progress.ts';

/** How a job's images are to be restored. */
export interface JobOptions {
  task: string;
  strength: number;
  quality: number;
  format?: ImageFormat | undefined;
}

export interface JobSpec {
  id: string;
  /** Stands for the images and the options, so that a key used twice for different ones is noticed. */
  fingerprint: string;
  options: JobOptions;
  /** Where in the bucket what belongs to this job lies, and nothing else. */
  prefix: string;
  /** Each image's name for the caller, and its key in the bucket. */
  images: { name: string; key: string }[];
  created: number;
  expires: number;
}

/** What the queue's consumer needs to restore one image. */
export interface Assignment {
  options: JobOptions;
  key: string;
  /** Where the result goes, without the ending. */
  result: string;
}

/** Why an image has no result. */
export type Failure = NonNullable<ImageDocument['problem']>;

/** Messages that a queue takes at once. */
const SEND_AT_ONCE = 100;

type Row = {
  image: number;
  name: string;
  key: string;
  status: ImageDocument['status'];
  outcome: string | null;
};

/** A job's description beside its images. */
type KeptSpec = Omit<JobSpec, 'images'> & { queued: boolean };

/** What became of an image: a result, or why there is none. */
interface Outcome {
  task?: string;
  key?: string;
  problem?: Failure;
}

/**
 * The progress of one job, kept in a Durable Object of its own: the one place that decides what is done, so that a
 * message delivered twice does its work once. It deletes itself and the job's files when the job expires.
 */
export class Job extends DurableObject<Env & JobBindings> {
  readonly #sql: DurableObjectState['storage']['sql'];

  constructor(state: DurableObjectState, env: Env & JobBindings) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#createTables();
  }

  #createTables(): void {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS job (spec TEXT NOT NULL)');
    this.#sql.exec(
      'CREATE TABLE IF NOT EXISTS images (image INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, outcome TEXT)',
    );
  }

  /**
   * Begins the job and puts its images in the queue, unless it has begun: then `created` is false, or `conflict` true
   * where it was begun with other images or options. A cancelled job begins again.
   */
  async create(spec: JobSpec): Promise<{ created: boolean; conflict: boolean }> {
    const known = this.#spec();
    if (known?.queued && this.#progress(known).status !== 'cancelled') {
      return { created: false, conflict: known.fingerprint !== spec.fingerprint };
    }
    if (known) await deleteAll(this.env.BUCKET, known.prefix);
    this.#sql.exec('DELETE FROM images');
    const { images, ...rest } = spec;
    for (const [image, { name, key }] of images.entries()) {
      this.#sql.exec("INSERT INTO images VALUES (?, ?, ?, 'waiting', NULL)", image, name, key);
    }
    // Not `queued` yet: should this end here, whoever sends the job again begins it anew.
    this.#keep({ ...rest, queued: false });
    await this.ctx.storage.setAlarm(spec.expires);
    for (let from = 0; from < images.length; from += SEND_AT_ONCE) {
      const part = images.slice(from, from + SEND_AT_ONCE);
      await this.env.JOB_QUEUE.sendBatch(part.map((_, i) => ({ body: { job: spec.id, image: from + i } })));
    }
    this.#keep({ ...rest, queued: true });
    return { created: true, conflict: false };
  }

  /** What is to be done for an image, or null where nothing is: it is done, the job is cancelled, or gone. */
  begin(image: number): Assignment | null {
    const spec = this.#spec();
    const row = this.#row(image);
    if (!spec || !row || (row.status !== 'waiting' && row.status !== 'running')) return null;
    this.#sql.exec("UPDATE images SET status = 'running' WHERE image = ?", image);
    return { options: spec.options, key: row.key, result: `${spec.prefix}out/${image}` };
  }

  /** Says that an image is restored. False where nobody wants it any more: the job was cancelled meanwhile. */
  finish(image: number, outcome: { task: string; key: string }): boolean {
    return this.#settle(image, 'done', outcome);
  }

  /** Says that an image cannot be restored. */
  fail(image: number, problem: Failure): boolean {
    return this.#settle(image, 'failed', { problem });
  }

  /** Cancels every image that has not been restored. */
  cancel(): JobDocument | null {
    this.#sql.exec("UPDATE images SET status = 'cancelled' WHERE status IN ('waiting', 'running')");
    return this.progress();
  }

  progress(): JobDocument | null {
    const spec = this.#spec();
    return spec && this.#progress(spec);
  }

  /** Where in the bucket an image's result is, or null. */
  result(image: number): string | null {
    const outcome = this.#row(image)?.outcome;
    return outcome ? ((JSON.parse(outcome) as Outcome).key ?? null) : null;
  }

  /** The job expires: its files first, so that none is left without a job that knows of it. */
  async alarm(): Promise<void> {
    const spec = this.#spec();
    if (spec) await deleteAll(this.env.BUCKET, spec.prefix);
    await this.ctx.storage.deleteAll();
    this.#createTables();
  }

  #settle(image: number, status: 'done' | 'failed', outcome: Outcome): boolean {
    const row = this.#row(image);
    if (row?.status !== 'waiting' && row?.status !== 'running') return false;
    this.#sql.exec(
      'UPDATE images SET status = ?, outcome = ? WHERE image = ?',
      status,
      JSON.stringify(outcome),
      image,
    );
    return true;
  }

  #spec(): KeptSpec | null {
    const [row] = this.#sql.exec<{ spec: string }>('SELECT spec FROM job').toArray();
    return row ? (JSON.parse(row.spec) as KeptSpec) : null;
  }

  #keep(spec: KeptSpec): void {
    this.#sql.exec('DELETE FROM job');
    this.#sql.exec('INSERT INTO job VALUES (?)', JSON.stringify(spec));
  }

  #row(image: number): Row | undefined {
    return this.#sql.exec<Row>('SELECT * FROM images WHERE image = ?', image).toArray()[0];
  }

  #progress({ id, options, created, expires }: KeptSpec): JobDocument {
    const rows = this.#sql.exec<Row>('SELECT * FROM images ORDER BY image').toArray();
    const count = (status: Row['status']) => rows.filter((row) => row.status === status).length;
    const settled = count('done') + count('failed');
    return {
      id,
      status:
        count('cancelled') > 0
          ? 'cancelled'
          : settled === rows.length
            ? 'done'
            : settled + count('running') > 0
              ? 'running'
              : 'queued',
      task: options.task,
      total: rows.length,
      done: count('done'),
      failed: count('failed'),
      created: new Date(created).toISOString(),
      expires: new Date(expires).toISOString(),
      images: rows.map(({ image, name, status, outcome }) => {
        const { task, problem } = outcome ? (JSON.parse(outcome) as Outcome) : {};
        return {
          index: image,
          name,
          status,
          ...(status === 'done' && { result: `/v1/jobs/${id}/images/${image}`, task }),
          ...(problem && { problem }),
        };
      }),
    };
  }
}

/** Deletes what lies in a bucket below a prefix. */
export async function deleteAll(bucket: JobBindings['BUCKET'], prefix: string): Promise<void> {
  for (let cursor: string | undefined, more = true; more; ) {
    const listed = await bucket.list({ prefix, ...(cursor && { cursor }) });
    if (listed.objects.length > 0) await bucket.delete(listed.objects.map(({ key }) => key));
    more = listed.truncated;
    cursor = listed.cursor;
  }
}
