/** `pnpm bench SUITE`: measures networks and writes one report as JSON, Markdown and HTML. */
import { runBench } from './bench.ts';

await runBench(process.argv.slice(2));
