import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*', 'packages/edge/black-box', 'examples'],
    reporters: ['default', './tests-line.reporter.ts'],
  },
});
