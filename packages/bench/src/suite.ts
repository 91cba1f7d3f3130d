import { execFileSync } from 'node:child_process';
import { cpus, platform } from 'node:os';
import path from 'node:path';
import { writeAtomically } from '@pellucid/trainer';
import { root } from './folders.ts';
import type { OptionName, Options } from './options.ts';
import type { Curve } from './report/curves.ts';
import { Gallery } from './report/gallery.ts';
import { toHtml } from './report/html.ts';
import { toMarkdown } from './report/markdown.ts';
import type { Report } from './report/schema.ts';

/** One part of a bench: which options it reads, and what it adds to the report. */
export interface Suite {
  description: string;
  options: readonly OptionName[];
  run(options: Options, session: Session): Promise<void>;
}

/** A report in the making, and what goes with it into the HTML. */
export class Session {
  readonly report: Report;
  readonly gallery = new Gallery();
  readonly failures: string[] = [];
  curves: Curve[] = [];
  /** Where the report is written, and what a suite wants to find again. */
  readonly folder: string;

  constructor(command: string, folder: string) {
    this.folder = folder;
    this.report = {
      schema: 'pellucid-bench/2',
      command,
      made: new Date().toISOString(),
      commit: commit(),
      machine: {
        node: process.versions.node,
        platform: `${platform()}-${process.arch}`,
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        engine: 'none',
      },
    };
  }

  markdown(): string {
    return toMarkdown(this.report);
  }

  /** Notes that a gate was missed: the bench goes on, says so at the end, and exits with status 1. */
  fail(why: string): void {
    this.failures.push(why);
  }

  /** Writes the report as it stands, so that a bench that is stopped has told what it knew. */
  async save(): Promise<void> {
    const file = (ending: string) => path.join(this.folder, `report.${ending}`);
    await writeAtomically(file('json'), `${JSON.stringify(this.report, null, 2)}\n`);
    await writeAtomically(file('md'), this.markdown());
    await writeAtomically(file('html'), await toHtml(this.report, this.gallery.extremes(), this.curves));
  }
}

/** The commit of the checkout, or null where there is no git or no checkout. */
function commit(): string | null {
  try {
    const git = (...words: string[]) =>
      execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
    return `${git('rev-parse', 'HEAD').trim()}${git('status', '--porcelain').trim() === '' ? '' : '-dirty'}`;
  } catch {
    return null;
  }
}
