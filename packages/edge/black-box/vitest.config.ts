import { defineConfig } from 'vitest/config';

// These tests see the service as its users do: a `wrangler dev` of its own, reached through HTTP.
export default defineConfig({
  test: {
    name: 'edge black box',
    include: ['*.test.ts'],
    globalSetup: './start.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // They share the one server, and some of them keep it busy.
    fileParallelism: false,
  },
});
