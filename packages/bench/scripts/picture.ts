/**
 * Draws the README's picture: what each released student makes of a spoilt picture, above as it came and below restored.
 *
 *     node packages/bench/scripts/picture.ts [--engine wasm]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from '@pellucid/trainer';
import { root } from '../src/folders.ts';
import { parts, restoreDrawings, writePicture } from './scenes.ts';

/** Pixels of what is shown of a drawing, and of that on the page. */
const [SHOWN, TILE] = [120, 240];

/** For each student, where in which drawing the part begins that shows it. */
const scenes: { student: string; drawing: string; left: number; top: number }[] = [
  { student: 'denoise/small', drawing: 'p4', left: 180, top: 150 },
  { student: 'derain/small', drawing: 'p3', left: 60, top: 20 },
  { student: 'deblur/small', drawing: 'p4', left: 40, top: 100 },
  { student: 'jpeg/small', drawing: 'p4', left: 170, top: 190 },
  { student: 'sr2/small', drawing: 'p4', left: 190, top: 20 },
  { student: 'sr4/small', drawing: 'p3', left: 160, top: 0 },
];

const { values } = parseArgs({ options: { engine: { type: 'string', default: 'auto' } } });
await openEngine(values.engine);

const columns: Buffer[][] = [];
for (const { student, drawing, left, top } of scenes) {
  const [scene] = await restoreDrawings(student, [drawing]);
  const { spoilt, restored } = scene!;
  columns.push(await parts([spoilt, restored], { left, top, side: SHOWN, tile: TILE }));
}
const rows = [0, 1].map((row) => columns.map((column) => column[row]!));
await writePicture(rows, TILE, path.join(root, 'docs', 'restored.webp'));
