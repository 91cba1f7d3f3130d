/**
 * Shakes photographs, for training: writes pairs in the layout `deconvolved`, several of each photograph.
 *
 *     node packages/trainer/scripts/shake-pairs.ts RECIPE --data PHOTOGRAPHS --out PAIRS [--shakes 3] [--part 1/2]
 *
 * Each is there three times: `sharp`, in `blur` shaken, and in `deconvolved` as deconvolution makes it for a model of `before:
 * deconvolution`. That takes half a second, so it is done here once. RECIPE says which of PHOTOGRAPHS are left out
 * (`data.exclude`); the shake is the degradation `motion-blur` as it is unless told otherwise, and every second one is
 * then stored as JPEG, as uploads are. One of each photograph is not shaken at all, and in two some of it is shaken
 * otherwise than the rest, as what moves by itself is: deconvolution, which knows one kernel, spoils the one or the
 * other there. Same arguments, same pairs; what is there is kept, and several processes may make a part each.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { deconvolve, JpegSettings, jpeg, MotionBlurSettings, motionBlur, Random } from '@pellucid/core';
import { startWasm } from '@pellucid/core/wasm';
import { jpegCodec, openPhotographs } from '../src/data/index.ts';
import { writeImage } from '../src/image-file.ts';
import { parseRecipe } from '../src/recipe.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    shakes: { type: 'string', default: '3' },
    part: { type: 'string', default: '1/1' },
  },
});
const [recipeFile] = positionals;
const { data: folder, out } = values;
if (!recipeFile || !folder || !out) {
  console.error('Usage: shake-pairs.ts RECIPE --data PHOTOGRAPHS --out PAIRS [--shakes 3] [--part 1/2]');
  process.exit(2);
}

// Deconvolution takes half the time in WebAssembly.
await startWasm({ joinVectors: true });
const { exclude, patch } = parseRecipe(await readFile(recipeFile, 'utf8'), []).data;
const { photographs } = await openPhotographs({ folder }, { smallest: patch, exclude });
const shake = motionBlur(MotionBlurSettings.parse({ kind: 'motion-blur' }));
const store = jpeg(JpegSettings.parse({ kind: 'jpeg', quality: [75, 95] }), jpegCodec);
const shakes = Number(values.shakes);
const [part, parts] = values.part.split('/').map(Number) as [number, number];

for (const name of ['sharp', 'blur', 'deconvolved']) await mkdir(path.join(out, name), { recursive: true });
/** After its shakes each photograph comes once still, and then so often in two parts. */
const inParts = 2;
for (let time = 0; time <= shakes + inParts; time++)
  for (const [index, photograph] of photographs.entries()) {
    const name = `${index}_${time}.png`;
    if (index % parts !== part - 1 || existsSync(path.join(out, 'deconvolved', name))) continue;
    const { width, height } = photograph;
    const random = new Random('shake').fork(`${photograph.name} ${time}`);
    const light = Float32Array.from(photograph.data, (value) => value / 255);
    let seen: Float32Array = light;
    if (time !== shakes) {
      seen = await shake.apply(light, width, height, random);
      if (time > shakes) {
        // Every second object is sharp: the camera followed it.
        const other = random.next() < 0.5 ? light : await shake.apply(light, width, height, random);
        seen = within(ellipse(width, height, random), other, seen);
      }
      if (random.next() < 0.5) seen = await store.apply(seen, width, height, random);
    }
    const data = Uint8Array.from(seen, (value) => Math.round(255 * value));
    const blurred = { width, height, channels: 3, data } as const;
    await writeImage(path.join(out, 'sharp', `${index}.png`), photograph);
    await writeImage(path.join(out, 'blur', name), blurred);
    await writeImage(path.join(out, 'deconvolved', name), await deconvolve(blurred));
    if (index % 50 < parts) console.log(`${name} of ${photographs.length} photographs`);
  }
console.log(
  `${photographs.length} photographs, each still, shaken ${shakes} times, and ${inParts} times in two parts, in ${out}`,
);

/** How much of each pixel an object covers that lies somewhere in the photograph: 1 within, 0 outside, and a soft edge. */
function ellipse(width: number, height: number, random: Random): Float32Array {
  const [x, y] = [random.uniform(0, width), random.uniform(0, height)];
  const [a, b] = [random.uniform(0.15, 0.6) * width, random.uniform(0.15, 0.6) * height];
  // Of pixels, roughly: what moves leaves an edge as wide as its path.
  const softness = random.uniform(2, 12) / Math.min(a, b);
  return Float32Array.from({ length: width * height }, (_, i) => {
    const distance = Math.hypot(((i % width) - x) / a, (Math.floor(i / width) - y) / b);
    return Math.min(Math.max((1 - distance) / softness + 0.5, 0), 1);
  });
}

/** `inner` where `cover` is 1, `outer` where it is 0: `[h, w, 3]` both. */
function within(cover: Float32Array, inner: Float32Array, outer: Float32Array): Float32Array {
  return outer.map((value, i) => value + cover[Math.floor(i / 3)]! * (inner[i]! - value));
}
