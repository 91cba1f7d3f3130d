/**
 * Shakes photographs, for training: writes pairs in the layout `folders`, `sharp` and `blur`, several of each photograph.
 *
 *     node packages/trainer/scripts/shake-pairs.ts RECIPE --data PHOTOGRAPHS --out PAIRS [--shakes 3] [--part 1/2]
 *
 * What lies in `blur` has been through the deconvolution that a model of `before: deconvolution` has before it. That looks
 * at a whole photograph for seconds, so it is done here once. RECIPE says which of PHOTOGRAPHS are left out
 * (`data.exclude`); the shake is the degradation `motion-blur` as it is unless told otherwise. Same arguments, same pairs; what is
 * there is kept, and several processes may make a part each.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { deconvolve, MotionBlurSettings, motionBlur, Random } from '@pellucid/core';
import { openPhotographs } from '../src/data/index.ts';
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

const { exclude, patch } = parseRecipe(await readFile(recipeFile, 'utf8'), []).data;
const { photographs } = await openPhotographs({ folder }, { smallest: patch, exclude });
const shake = motionBlur(MotionBlurSettings.parse({ kind: 'motion-blur' }));
const [part, parts] = values.part.split('/').map(Number) as [number, number];

for (const name of ['sharp', 'blur']) await mkdir(path.join(out, name), { recursive: true });
for (let time = 0; time < Number(values.shakes); time++)
  for (const [index, photograph] of photographs.entries()) {
    const name = `${index}_${time}.png`;
    if (index % parts !== part - 1 || existsSync(path.join(out, 'blur', name))) continue;
    const { width, height } = photograph;
    const random = new Random('shake').fork(`${photograph.name} ${time}`);
    const light = Float32Array.from(photograph.data, (value) => value / 255);
    const blurred = await shake.apply(light, width, height, random);
    const data = Uint8Array.from(blurred, (value) => Math.round(255 * value));
    await writeImage(path.join(out, 'sharp', name), photograph);
    await writeImage(path.join(out, 'blur', name), await deconvolve({ width, height, channels: 3, data }));
    if (index % 50 < parts) console.log(`${name} of ${photographs.length} photographs`);
  }
console.log(`${photographs.length} photographs, each shaken ${values.shakes} times, in ${out}`);
