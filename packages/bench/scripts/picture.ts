/**
 * Draws the README's picture: what each released student makes of a spoilt picture, above as it came and below restored.
 * The pictures are drawn from seeds, so that they are anyone's to show.
 *
 *     node packages/bench/scripts/picture.ts [--engine wasm]
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createDegradation, DegradationSettings, Random, Restorer, resizeBicubic } from '@pellucid/core';
import { jpegCodec, loadModel, openEngine, proceduralPhotograph } from '@pellucid/trainer';
import sharp from 'sharp';
import { toBytes } from '../src/datasets/raster.ts';
import { root } from '../src/folders.ts';

/** Pixels of a picture, of what is shown of it, and of the shown part on the page. */
const [SIDE, SHOWN, TILE] = [320, 120, 240];
const GAP = 4;

/** Each student, what it mends, and where in which drawing the part begins that shows it. */
const scenes: { model: string; spoil: object; drawing: string; left: number; top: number }[] = [
  {
    model: 'denoise/small',
    spoil: { kind: 'gaussian-noise', sigma: 40 },
    drawing: 'p4',
    left: 180,
    top: 150,
  },
  { model: 'derain/small', spoil: { kind: 'rain', coverage: 0.3 }, drawing: 'p3', left: 60, top: 20 },
  {
    model: 'deblur/small',
    spoil: { kind: 'motion-blur', travel: 12, sigma: 1 },
    drawing: 'p4',
    left: 40,
    top: 100,
  },
  { model: 'jpeg/small', spoil: { kind: 'jpeg', quality: 8 }, drawing: 'p4', left: 170, top: 190 },
  { model: 'sr2/small', spoil: { kind: 'bicubic-downscale', scale: 2 }, drawing: 'p4', left: 190, top: 20 },
  { model: 'sr4/small', spoil: { kind: 'bicubic-downscale', scale: 4 }, drawing: 'p3', left: 160, top: 0 },
];

const { values } = parseArgs({ options: { engine: { type: 'string', default: 'auto' } } });
await openEngine(values.engine);

const tiles = [];
for (const [column, { model, spoil, drawing, left, top }] of scenes.entries()) {
  const restorer = new Restorer(await loadModel(path.join(root, 'models', model)));
  const degradation = createDegradation(DegradationSettings.parse(spoil), jpegCodec);
  const { scale = 1 } = degradation;
  const clean = proceduralPhotograph(SIDE, new Random(drawing)).data;
  const light = Float32Array.from(clean, (value) => value / 255);
  const data = await degradation.apply(light, SIDE, SIDE, new Random(model));
  const spoilt = { data, width: SIDE / scale, height: SIDE / scale, channels: 3 as const };
  const restored = await restorer.restore(spoilt);
  restorer.dispose();
  for (const [row, picture] of [scale > 1 ? resizeBicubic(spoilt, scale) : spoilt, restored].entries()) {
    const shown = sharp(toBytes(picture).data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .extract({ left, top, width: SHOWN, height: SHOWN })
      .resize(TILE, TILE, { kernel: 'nearest' });
    const [x, y] = [column, row].map((index) => index * (TILE + GAP)) as [number, number];
    tiles.push({ input: await shown.png().toBuffer(), left: x, top: y });
  }
}
const [width, height] = [scenes.length, 2].map((count) => count * (TILE + GAP) - GAP) as [number, number];
const picture = sharp({ create: { width, height, channels: 3, background: '#fff' } }).composite(tiles);
await picture.webp({ quality: 85 }).toFile(path.join(root, 'docs', 'restored.webp'));
