/**
 * Draws the pictures of the cards: of 40 drawings those two on which a student gains least, each as it came, restored, and
 * as it was, around where it is furthest off.
 *
 *     node packages/bench/scripts/worst.ts [--engine wasm]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { psnr, type Raster } from '@pellucid/core';
import { openEngine } from '@pellucid/trainer';
import { root } from '../src/folders.ts';
import { parts, restoreDrawings, type Scene, students, writePicture } from './scenes.ts';

const [DRAWINGS, SHOWN] = [40, 2];
/** Pixels of what is shown of a drawing, from one place that is looked at to the next, and of that on the page. */
const [SIDE, STEP, TILE] = [120, 20, 240];

const { values } = parseArgs({ options: { engine: { type: 'string', default: 'auto' } } });
await openEngine(values.engine);

const drawings = Array.from({ length: DRAWINGS }, (_, index) => `w${index}`);
for (const student of Object.keys(students)) {
  const scenes = await restoreDrawings(student, drawings);
  const ranked = scenes.map((scene) => ({ scene, gain: gainOf(scene) })).sort((a, b) => a.gain - b.gain);
  const rows: Buffer[][] = [];
  for (const { scene } of ranked.slice(0, SHOWN)) {
    const { spoilt, restored, clean } = scene;
    rows.push(await parts([spoilt, restored, clean], { ...furthestOff(scene), side: SIDE, tile: TILE }));
  }
  await writePicture(rows, TILE, path.join(root, 'models', student, 'worst.webp'));
  const gains = ranked.map(({ gain }) => gain);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const least = gains.slice(0, SHOWN).map((gain) => gain.toFixed(1));
  console.log(`${student}: gains ${mean.toFixed(1)} dB on average, ${least.join(', ')} dB on the two shown`);
}

function gainOf({ clean, spoilt, restored }: Scene): number {
  const options = { channel: 'RGB', crop: 4, round: true } as const;
  return psnr(restored, clean, options) - psnr(spoilt, clean, options);
}

/** The corner of the square in which the restored picture is furthest from the clean one. */
function furthestOff({ clean, restored }: Scene): { left: number; top: number } {
  const { width, height } = clean;
  let worst = { left: 0, top: 0, error: -1 };
  for (let top = 0; top + SIDE <= height; top += STEP)
    for (let left = 0; left + SIDE <= width; left += STEP) {
      const error = squaredError(clean, restored, left, top);
      if (error > worst.error) worst = { left, top, error };
    }
  return worst;
}

function squaredError(a: Raster, b: Raster, left: number, top: number): number {
  let sum = 0;
  for (let y = top; y < top + SIDE; y++)
    for (let i = 3 * (y * a.width + left); i < 3 * (y * a.width + left + SIDE); i++)
      sum += (a.data[i]! - b.data[i]!) ** 2;
  return sum;
}
