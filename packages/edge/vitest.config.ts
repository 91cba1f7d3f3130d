import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// These tests run inside workerd, the runtime that serves the Worker, so what passes here runs there.
export default defineConfig({
  plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.jsonc' } })],
  test: {
    name: 'edge',
    include: ['src/**/*.test.ts'],
    // One isolate for all files: starting TensorFlow.js in each would take longer than the tests.
    isolate: false,
    testTimeout: 30_000,
    // Each request writes a line.
    silent: 'passed-only',
  },
});
