/**
 * Builds the kernels from AssemblyScript: `conv.wasm`, `conv-relaxed.wasm` with fused multiply-add, and of that two more:
 * `conv-checked.wasm` for runtimes that check the bounds of each access themselves, as workerd does, and `conv-joined.wasm` for
 * V8 where it joins vectors of four floats.
 * Does nothing when all are newer than every source. Run as `pnpm build:kernels`; every install runs it too.
 *
 * The modules share TensorFlow.js's memory, so they may hold no data of their own, nor a shadow stack: `asc`
 * makes neither from this code, and this script refuses a build that has one.
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** Pages that TensorFlow.js's memory has from the start: told of them, V8 checks an access once and not twice. */
const MEMORY_PAGES = 256;

const root = join(dirname(fileURLToPath(import.meta.url)), '../src/kernels');
const sources = readdirSync(join(root, 'assembly')).map((name) => join(root, 'assembly', name));
const builds = [
  { file: join(root, 'conv.wasm'), features: ['simd'], boundsChecked: 0, joined: 0 },
  { file: join(root, 'conv-relaxed.wasm'), features: ['simd', 'relaxed-simd'], boundsChecked: 0, joined: 0 },
  { file: join(root, 'conv-joined.wasm'), features: ['simd', 'relaxed-simd'], boundsChecked: 0, joined: 1 },
  { file: join(root, 'conv-checked.wasm'), features: ['simd', 'relaxed-simd'], boundsChecked: 1, joined: 0 },
];

const changed = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = Math.max(...[...sources, fileURLToPath(import.meta.url)].map(changed));

for (const { file, features, boundsChecked, joined } of builds) {
  if (changed(file) > newest) continue;
  // Written beside and renamed, so that no process ever loads half a module.
  const fresh = `${file}.${process.pid}`;
  const { error, stderr } = await asc.main([
    join(root, 'assembly/index.ts'),
    '--outFile',
    fresh,
    ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory'],
    ...['--initialMemory', `${MEMORY_PAGES}`],
    ...['--use', `BOUNDS_CHECKED=${boundsChecked}`],
    ...['--use', `JOINED=${joined}`],
    ...features.flatMap((feature) => ['--enable', feature]),
  ]);
  if (error) throw new Error(stderr.toString(), { cause: error });
  const bytes = readFileSync(fresh);
  const sections = sectionIds(bytes);
  if (sections.has(6) || sections.has(11)) {
    rmSync(fresh);
    throw new Error(`${file} has globals or data of its own`);
  }
  renameSync(fresh, file);
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
