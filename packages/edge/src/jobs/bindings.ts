import type { Job } from './job.ts';

/** A queue's message: one image of one job. */
export interface JobMessage {
  job: string;
  image: number;
}

/** What jobs need of the platform. A deployment without all three has no jobs. */
export interface JobBindings {
  BUCKET: Bucket;
  JOB_QUEUE: { sendBatch(messages: Iterable<{ body: JobMessage }>): Promise<unknown> };
  JOBS: { getByName(name: string): JobStub };
}

/** A Durable Object from outside: each method answers by and by. */
export type JobStub = {
  [M in 'create' | 'begin' | 'finish' | 'fail' | 'cancel' | 'progress' | 'result']: (
    ...args: Parameters<Job[M]>
  ) => Promise<Awaited<ReturnType<Job[M]>>>;
};

/** What is used of an R2 bucket. */
export interface Bucket {
  get(key: string): Promise<BucketObject | null>;
  put(
    key: string,
    value: Uint8Array,
    options?: { httpMetadata?: { contentType?: string } },
  ): Promise<unknown>;
  delete(keys: string | string[]): Promise<void>;
  list(options: { prefix: string; cursor?: string }): Promise<BucketList>;
}

interface BucketList {
  objects: { key: string }[];
  truncated: boolean;
  cursor?: string;
}

export interface BucketObject {
  size: number;
  httpEtag: string;
  httpMetadata?: { contentType?: string };
  body: ReadableStream<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}
