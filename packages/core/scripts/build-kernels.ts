/**
 * Builds the convolution kernels, `conv.wasm` and `conv-relaxed.wasm`, from AssemblyScript. Does nothing when
 * both are newer than every source. Run as `pnpm build:kernels`; every install runs it too.
 *
 * The modules share TensorFlow.js's memory, so they may hold no data of their own, nor a shadow stack: `asc`
 * makes neither from this code, and this script refuses a build that has one.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '../src/kernels');
const sources = readdirSync(join(root, 'assembly')).map((name) => join(root, 'assembly', name));
const builds = [
  { file: join(root, 'conv.wasm'), features: ['simd'] },
  { file: join(root, 'conv-relaxed.wasm'), features: ['simd', 'relaxed-simd'] },
];

const changed = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = Math.max(...[...sources, fileURLToPath(import.meta.url)].map(changed));

for (const { file, features } of builds) {
  if (changed(file) > newest) continue;
  const { error, stderr } = await asc.main([
    join(root, 'assembly/index.ts'),
    '--outFile',
    file,
    ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory'],
    ...features.flatMap((feature) => ['--enable', feature]),
  ]);
  if (error) throw new Error(stderr.toString(), { cause: error });
  const bytes = readFileSync(file);
  const sections = sectionIds(bytes);
  if (sections.has(6) || sections.has(11)) throw new Error(`${file} has globals or data of its own`);
  console.log(`${file}: ${bytes.length} bytes`);
}

/** The ids of a module's sections: 6 is globals (a stack pointer would be one), 11 data. */
function sectionIds(bytes: Uint8Array): Set<number> {
  const ids = new Set<number>();
  let at = 8;
  while (at < bytes.length) {
    ids.add(bytes[at++]!);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}
