import type { Random } from '@pellucid/core';
import { type Colour, distance, drawBackground, drawLeaf, type Leaf, type Scene, textureAt } from './leaf.ts';
import { noiseTile } from './noise-tile.ts';
import type { Photograph } from './photographs.ts';

/** What is drawn so far. */
interface Canvas {
  side: number;
  red: Float32Array;
  green: Float32Array;
  blue: Float32Array;
  /** The share of each pixel that nothing covers yet. */
  open: Float32Array;
  /** 0 where a pixel is open; else how far to the right the next pixel is that may be, so that closed runs are leapt. */
  leap: Int32Array;
}

/**
 * Draws a picture with the statistics of photographs, so that training needs none: a power spectrum near 1/f^2, edges
 * from occlusion, heavy-tailed gradients, correlated channels.
 *
 * Dead leaves (Lee, Mumford and Huang, "Occlusion models for natural images", 2001): opaque things of radius density
 * r^-3 hide one another, drawn front to back until nothing is open. Things are textured, shaded, and blurred by their
 * depth, as in work that trains restoration networks on such pictures (Achddou, Gousseau and Ladjal, "Synthetic
 * images as a regularity prior for image restoration neural networks", 2021). Shapes, textures and colour law are
 * ours, tuned to the statistics of BSDS500. Edges are antialiased by the share of a pixel that they cover.
 *
 * @param size side in pixels.
 * @returns a square raster.
 */
export function proceduralPhotograph(size: number, random: Random): Omit<Photograph, 'name'> {
  const scene = drawScene(size, random);
  const blank = () => new Float32Array(size * size);
  const canvas: Canvas = {
    side: size,
    red: blank(),
    green: blank(),
    blue: blank(),
    open: blank().fill(1),
    leap: new Int32Array(size * size),
  };
  const area = size * size;
  let open = area;
  while (open > 0.005 * area) open -= paint(canvas, drawLeaf(scene, 1 - open / area, random), scene);
  paint(canvas, drawBackground(scene, random), scene);
  return expose(canvas, random);
}

function drawScene(side: number, random: Random): Scene {
  const exposure = random.normal();
  const warmth = random.normal();
  const palette = Array.from({ length: 3 + random.integer(8) }, () => drawColour(exposure, warmth, random));
  return {
    side,
    smallest: Math.exp(random.uniform(0.2, 2.5)),
    palette,
    focus: random.next(),
    aperture: random.next() < 0.5 ? 0 : random.uniform(0, 8),
    texture: Math.exp(0.4 * random.normal()),
    surface: noiseTile(random.uniform(-0.3, 0.3), random),
    outline: noiseTile(1.2, random),
    regions: random.uniform(0, 256),
  };
}

/**
 * A colour of natural statistics: lightness varies most, then blue against yellow, then green against magenta, and
 * very dark and very light colours are greyer. The spreads are those of BSDS500's training photographs, within a
 * picture and (`exposure`, `warmth`, standard normal) between pictures.
 */
function drawColour(exposure: number, warmth: number, random: Random): Colour {
  const light = 1 / (1 + Math.exp(0.65 - 0.5 * exposure - 0.9 * random.normal()));
  const chroma = 4 * light * (1 - light);
  const yellow = chroma * (22 + 30 * warmth + 40 * random.normal() * Math.exp(0.3 * random.normal()));
  const green = chroma * (8 + 5 * random.normal() + 13 * random.normal() * Math.exp(0.3 * random.normal()));
  const level = 255 * light;
  return [level - green / 3 + yellow / 2, level + (2 * green) / 3, level - green / 3 - yellow / 2];
}

/** Adds a leaf behind all that is on the canvas. Returns how many pixels it has closed. */
function paint(canvas: Canvas, leaf: Leaf, scene: Scene): number {
  const { side, red, green, blue, open, leap } = canvas;
  const { colour, contrast, cos, sin, softness, warp, warpScale, offset } = leaf;
  const top = Math.max(0, Math.ceil(leaf.y - leaf.reachY));
  const bottom = Math.min(side - 1, Math.floor(leaf.y + leaf.reachY));
  const left = Math.max(0, Math.ceil(leaf.x - leaf.reachX));
  const right = Math.min(side - 1, Math.floor(leaf.x + leaf.reachX));
  let closed = 0;
  for (let y = top; y <= bottom; y++) {
    for (let x = nextOpen(leap, side, left, y); x <= right; x = nextOpen(leap, side, x + 1, y)) {
      const at = y * side + x;
      const dx = x - leaf.x;
      const dy = y - leaf.y;
      const u = cos * dx + sin * dy;
      const v = cos * dy - sin * dx;
      let edge = distance(leaf, u, v);
      if (edge > softness + 3 * warp) continue;
      if (warp !== 0) edge += warp * scene.outline.at(u * warpScale + offset, v * warpScale + offset);
      const cover = Math.min(1, 0.5 - edge / softness);
      if (cover <= 0) continue;
      const share = open[at]! * cover;
      const texture = textureAt(leaf, scene, u, v);
      const shade = 1 + leaf.shadeU * u + leaf.shadeV * v;
      red[at]! += share * shade * (colour[0] + texture * contrast[0]);
      green[at]! += share * shade * (colour[1] + texture * contrast[1]);
      blue[at]! += share * shade * (colour[2] + texture * contrast[2]);
      // What is all but closed is closed: nothing behind it would be seen.
      open[at]! -= share;
      closed += share;
      if (open[at]! < 0.01) {
        closed += open[at]!;
        leap[at] = 1;
      }
    }
  }
  return closed;
}

/** The first open pixel of row `y` from column `x` on, or the row's end. */
function nextOpen(leap: Int32Array, side: number, x: number, y: number): number {
  const start = y * side + x;
  const end = y * side + side;
  let at = start;
  while (at < end && leap[at] !== 0) at += leap[at]!;
  if (at > start) leap[start] = at - start;
  return at - y * side;
}

/** Lights the scene unevenly, blurs or sharpens it a little as lenses and cameras do, and turns it into bytes. */
function expose(canvas: Canvas, random: Random): Omit<Photograph, 'name'> {
  const { side } = canvas;
  const slopeX = (0.6 * random.normal()) / side;
  const slopeY = (0.6 * random.normal()) / side;
  const blur = random.uniform(-0.12, 0.04);
  const data = new Uint8Array(side * side * 3);
  for (const [channel, plane] of [canvas.red, canvas.green, canvas.blue].entries()) {
    const soft = blurred(plane, side, blur);
    for (let y = 0, at = 0; y < side; y++) {
      for (let x = 0; x < side; x++, at++) {
        const light = 1 + slopeX * (x - side / 2) + slopeY * (y - side / 2);
        data[3 * at + channel] = Math.round(tone(light * soft[at]!));
      }
    }
  }
  return { width: side, height: side, channels: 3, data };
}

/** Bends lightness beyond 24..216 towards 0 and 255, as film and cameras do, so that little is clipped. */
function tone(value: number): number {
  if (value > 216) return 216 + 39 * Math.tanh((value - 216) / 39);
  return value < 24 ? 24 - 24 * Math.tanh((24 - value) / 24) : value;
}

/** The plane under the separable kernel `[w, 1 - 2w, w]`, its border repeated. */
function blurred(plane: Float32Array, side: number, w: number): Float32Array {
  const rows = new Float32Array(plane.length);
  for (let i = 0; i < plane.length; i++) {
    const x = i % side;
    const before = plane[x === 0 ? i : i - 1]!;
    const after = plane[x === side - 1 ? i : i + 1]!;
    rows[i] = plane[i]! + w * (before + after - 2 * plane[i]!);
  }
  const soft = new Float32Array(plane.length);
  const last = plane.length - side;
  for (let i = 0; i < plane.length; i++) {
    const above = rows[i < side ? i : i - side]!;
    const below = rows[i >= last ? i : i + side]!;
    soft[i] = rows[i]! + w * (above + below - 2 * rows[i]!);
  }
  return soft;
}
