import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'trainer', include: ['src/**/*.test.ts'], testTimeout: 30_000 },
});
