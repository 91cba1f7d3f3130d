import { normal, spoil } from './spoil.ts';
import type { ServedTask } from './tasks.ts';

const [WIDTH, HEIGHT] = [720, 480];

/** A drawing for who has no photograph at hand, with what the task mends. */
export function drawSample({ task, enlargement }: ServedTask): Promise<File> {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d')!;
  const random = numbers(7);
  paint(context, random);
  return spoil(canvas, task, enlargement, random);
}

/** Evening over hills, with windows lit beside the water. */
function paint(context: OffscreenCanvasRenderingContext2D, random: () => number): void {
  fill(context, 0, HEIGHT, ['#27406e', '#b5657a', '#f3b183']);
  context.fillStyle = '#ffe9bd';
  context.beginPath();
  context.arc(500, 205, 34, 0, 2 * Math.PI);
  context.fill();
  for (const [base, height, colour] of [
    [260, 70, '#7c5a80'],
    [290, 46, '#533f66'],
    [322, 30, '#2f2b49'],
  ] as const)
    ridge(context, base, height, colour, random);
  fill(context, 340, HEIGHT, ['#c98a86', '#4b4f7d', '#1f2a4d']);
  for (let x = 40; x < WIDTH - 40; x += 14 + Math.floor(26 * random())) house(context, x, random);
  context.strokeStyle = '#ffe3b4';
  for (let i = 0; i < 90; i++) {
    const y = 348 + 130 * random() ** 2;
    const half = 4 + 26 * random();
    const x = 500 + (y - 330) * 0.7 * normal(random);
    context.globalAlpha = 0.15 + 0.35 * random();
    context.beginPath();
    context.moveTo(x - half, y);
    context.lineTo(x + half, y);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function fill(
  context: OffscreenCanvasRenderingContext2D,
  top: number,
  bottom: number,
  colours: string[],
): void {
  const gradient = context.createLinearGradient(0, top, 0, bottom);
  for (const [i, colour] of colours.entries()) gradient.addColorStop(i / (colours.length - 1), colour);
  context.fillStyle = gradient;
  context.fillRect(0, top, WIDTH, bottom - top);
}

function ridge(
  context: OffscreenCanvasRenderingContext2D,
  base: number,
  height: number,
  colour: string,
  random: () => number,
): void {
  const waves = Array.from({ length: 5 }, (_, i) => ({ rate: 0.006 * 1.9 ** i, phase: 7 * random() }));
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(0, HEIGHT);
  for (let x = 0; x <= WIDTH; x += 2) {
    const rise = waves.reduce((sum, { rate, phase }, i) => sum + Math.sin(rate * x + phase) / 1.9 ** i, 0);
    context.lineTo(x, base - (height * (1 + rise)) / 2);
  }
  context.lineTo(WIDTH, HEIGHT);
  context.fill();
}

function house(context: OffscreenCanvasRenderingContext2D, x: number, random: () => number): void {
  const [width, height] = [10 + Math.floor(12 * random()), 10 + Math.floor(22 * random())];
  context.fillStyle = '#1d1b30';
  context.fillRect(x, 342 - height, width, height);
  context.fillStyle = '#ffd27a';
  for (let y = 342 - height + 3; y < 336; y += 6)
    for (let at = x + 2; at < x + width - 3; at += 5) if (random() < 0.45) context.fillRect(at, y, 2, 3);
}

/** Numbers in 0..1 that are the same each time (mulberry32): the library's generator would bring half of it along. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
