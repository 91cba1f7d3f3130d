/**
 * Times the metrics and prints a Markdown table: milliseconds per megapixel of an RGB image of bytes, the best of as many
 * runs as fit in two seconds, in processor time. Run as `node packages/core/scripts/bench-metrics.ts`.
 */
import { cpus } from 'node:os';
import {
  brisqueFeatures,
  msSsim,
  piqe,
  psnr,
  Random,
  type Raster,
  resizeBicubic,
  ssim,
} from '../src/index.ts';

const [width, height] = [1024, 768];
const options = { channel: 'Y', crop: 0, round: false } as const;

/** A smooth picture with noise, so that no branch is foreseen. */
function picture(seed: number): Raster {
  const random = new Random(seed);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = 128 + 80 * Math.sin(x / 31) * Math.cos(y / 17) + 10 * random.normal();
  }
  return { width, height, channels: 3, data };
}

/** Milliseconds of processor time of the quickest run. */
function measure(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 2000;
  do {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  } while (performance.now() < end);
  return best;
}

const [a, b] = [picture(1), picture(2)];
const cases: [string, () => unknown][] = [
  ['PSNR, Y', () => psnr(a, b, options)],
  ['SSIM, Y', () => ssim(a, b, options)],
  ['SSIM, RGB', () => ssim(a, b, { ...options, channel: 'RGB' })],
  ['MS-SSIM, Y', () => msSsim(a, b, options)],
  ['BRISQUE features', () => brisqueFeatures(a)],
  ['PIQE', () => piqe(a)],
  ['bicubic, x1/2', () => resizeBicubic(a, 1 / 2)],
  ['bicubic, x1/4', () => resizeBicubic(a, 1 / 4)],
  ['bicubic, x2', () => resizeBicubic(a, 2)],
];

console.log(`${cpus()[0]?.model}, Node ${process.version}, ${width}x${height}, one thread\n`);
console.log('| metric | ms per megapixel of input |\n|---|---:|');
for (const [name, run] of cases) {
  console.log(`| ${name} | ${((measure(run) * 1e6) / (width * height)).toFixed(1)} |`);
}
