/**
 * Rains on photographs, for training: writes pairs in the layout `Rain1400`, several rains over each photograph, and one
 * without rain, so that a network learns what to leave alone.
 *
 *     node packages/trainer/scripts/rain-pairs.ts RECIPE --data PHOTOGRAPHS --streaks STREAKS [--heavy] --out PAIRS
 *
 * STREAKS holds pictures of streaks on black, such as those rendered by Garg and Nayar (2006) that Rain100L was made
 * with. Three rains in five are one of them, mirrored, turned, scaled and dimmed at random, added as light adds;
 * the others are drawn by the degradation `rain`, one of them with several directions at once. `--heavy` adds three rains
 * that hide most of the photograph, as in Rain100H: one to three rendered layers and two to five drawn ones together. RECIPE says
 * which of PHOTOGRAPHS are left out (`data.exclude`). Same arguments, same pairs.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { RainSettings, Random, rain } from '@pellucid/core';
import sharp from 'sharp';
import { openPhotographs } from '../src/data/index.ts';
import type { Photograph } from '../src/data/photographs.ts';
import { parseRecipe } from '../src/recipe.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    streaks: { type: 'string' },
    heavy: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const [recipeFile] = positionals;
const { data: folder, streaks, out } = values;
if (!recipeFile || !folder || !streaks || !out) {
  console.error('Usage: rain-pairs.ts RECIPE --data PHOTOGRAPHS --streaks STREAKS [--heavy] --out PAIRS');
  process.exit(2);
}

const { exclude, patch } = parseRecipe(await readFile(recipeFile, 'utf8'), []).data;
const { photographs } = await openPhotographs({ folder }, { smallest: patch, exclude });
const layers = (await openPhotographs({ folder: streaks }, { smallest: patch })).photographs;
const drawn = [
  rain(RainSettings.parse({ kind: 'rain' })),
  rain(RainSettings.parse({ kind: 'rain', layers: 3 })),
];

/** With what is no rain, the sixth. */
const rains = values.heavy ? 9 : 6;

for (const name of ['ground_truth', 'rainy_image']) await mkdir(path.join(out, name), { recursive: true });
for (const [index, photograph] of photographs.entries()) {
  await write(photograph, photograph.data, `ground_truth/${index}.png`);
  for (let rainfall = 0; rainfall < 5; rainfall++) {
    const random = new Random('rain').fork(`${photograph.name} ${rainfall}`);
    const rainy =
      rainfall < 3 ? underLayer(photograph, random) : underDrawn(photograph, drawn[rainfall - 3]!, random);
    await write(photograph, rainy, `rainy_image/${index}_${rainfall}.png`);
  }
  await write(photograph, photograph.data, `rainy_image/${index}_5.png`);
  for (let rainfall = 6; rainfall < rains; rainfall++) {
    const random = new Random('rain').fork(`${photograph.name} ${rainfall}`);
    await write(photograph, underMany(photograph, random), `rainy_image/${index}_${rainfall}.png`);
  }
}
console.log(`${photographs.length} photographs, each under ${rains - 1} rains and without, in ${out}`);

/** Adds the light of a layer of streaks, which goes on from its other edge where it ends. `leans` are radians. */
function underLayer(
  { data, width, height }: Photograph,
  random: Random,
  leans: readonly [number, number] = [-0.2, 0.2],
): Uint8Array {
  const layer = layers[random.integer(layers.length)]!;
  const angle = random.uniform(...leans);
  const step = random.uniform(0.9, 1.6);
  const mirror = random.next() < 0.5 ? -1 : 1;
  const [across, down] = [step * Math.cos(angle), step * Math.sin(angle)];
  const [left, top] = [random.integer(layer.width), random.integer(layer.height)];
  const strength = random.uniform(0.5, 1.1);
  const rainy = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const light =
        strength * lightAt(layer, left + mirror * (x * across - y * down), top + x * down + y * across);
      for (let i = 3 * (y * width + x), end = i + 3; i < end; i++)
        rainy[i] = Math.min(255, data[i]! + Math.round(light));
    }
  return rainy;
}

/** Bilinear, of the first channel: streaks are grey. */
function lightAt({ data, width, height }: Photograph, x: number, y: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - column, y - row];
  const wrap = (value: number, size: number) => ((value % size) + size) % size;
  const at = (dx: number, dy: number) =>
    data[3 * (wrap(row + dy, height) * width + wrap(column + dx, width))]!;
  const upper = (1 - fx) * at(0, 0) + fx * at(1, 0);
  return (1 - fy) * upper + fy * ((1 - fx) * at(0, 1) + fx * at(1, 1));
}

/** Layers that fall about as one, in a curtain, or each its own way. */
function underMany(photograph: Photograph, random: Random): Uint8Array {
  const fall = random.uniform(-0.5, 0.5);
  const spread = 0.5 * random.next() ** 2;
  const leans = [fall - spread, fall + spread] as const;
  const drawn = rain({
    layers: 2 + random.integer(4),
    coverage: [0.1, 0.6],
    angle: [(180 / Math.PI) * leans[0], (180 / Math.PI) * leans[1]],
    length: [10, random.uniform(40, 160)],
    width: [0.5, 1.6],
    brightness: [0.1, 0.5],
  });
  let data = underDrawn(photograph, drawn, random);
  for (let rendered = 1 + random.integer(3); rendered > 0; rendered--)
    data = underLayer({ ...photograph, data }, random, leans);
  return data;
}

function underDrawn(
  { data, width, height }: Photograph,
  drawn: ReturnType<typeof rain>,
  random: Random,
): Uint8Array {
  const light = Float32Array.from(data, (value) => value / 255);
  const rainy = drawn.apply(light, width, height, random);
  return Uint8Array.from(rainy, (value) => Math.round(255 * value));
}

async function write({ width, height }: Photograph, pixels: Uint8Array, name: string): Promise<void> {
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toFile(path.join(out!, name));
}
