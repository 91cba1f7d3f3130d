import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one plain line that continuous integration can read, whatever the default report looks like. */
export default class TestsLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file that cannot be loaded, or a suite whose set-up fails, has no test that could say so.
      for (const group of [module, ...module.children.allSuites()])
        if (group.errors().length > 0) count.failed++;
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    console.log(`tests: ${count.passed} passed, ${count.failed} failed${skipped}`);
  }
}
