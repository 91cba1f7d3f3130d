import type { Random } from '@pellucid/core';
import type { NoiseTile } from './noise-tile.ts';

/** Red, green and blue on the scale 0..255, not clipped. */
export type Colour = readonly [number, number, number];

/** What the leaves of one picture share. Lengths are in pixels. */
export interface Scene {
  /** Side of the square picture. */
  side: number;
  /** Radius of the smallest leaf. */
  smallest: number;
  /** The colours of the things in the picture; a leaf takes one and varies it. */
  palette: readonly Colour[];
  /** The depth in focus, 0 (front) .. 1 (back), and the width of the blur that one unit of depth off it adds. */
  focus: number;
  aperture: number;
  /** Strength of the textures, about 1. */
  texture: number;
  /** Rough noise for surfaces and smooth noise for outlines. */
  surface: NoiseTile;
  outline: NoiseTile;
  /** Where in the smooth noise this picture looks for its regions of colour. */
  regions: number;
}

/** One opaque thing of a dead-leaves picture: where it is, what outlines it and what covers it. */
export interface Leaf {
  x: number;
  y: number;
  /** Nothing of the leaf is further than this from its centre, across and down. */
  reachX: number;
  reachY: number;
  cos: number;
  sin: number;
  /** Half axes. */
  a: number;
  b: number;
  /** For a polygon, (normal x, normal y, distance) of each edge; empty for an ellipse. */
  edges: Float64Array;
  /** How far noise shifts the outline, and its texels a pixel. */
  warp: number;
  warpScale: number;
  /** Width of the edge's ramp: 1 averages an edge over a pixel. */
  softness: number;
  colour: Colour;
  /** What a texture value of 1 adds to the colour. */
  contrast: Colour;
  noise: number;
  noiseScaleU: number;
  noiseScaleV: number;
  wave: number;
  /** Radians a pixel along the two axes; the second wave multiplies the first unless it is 0. */
  waveU: number;
  waveV: number;
  waveBend: number;
  /** 1 for a sine; the larger, the nearer to a square wave. */
  waveHardness: number;
  shadeU: number;
  shadeV: number;
  /** Where in the noise this leaf looks, and the phase of its waves. */
  offset: number;
}

/** Corners are cut this many times as far out as the edges, for two edges may meet anywhere. */
const cornerLimit = 2;

/** Radius of density proportional to `r^-3`, the law that makes dead leaves look alike at all scales. */
function drawRadius(smallest: number, largest: number, random: Random): number {
  const u = random.next();
  return 1 / Math.sqrt((1 - u) / smallest ** 2 + u / largest ** 2);
}

/** A leaf at `depth` (0 front .. 1 back). */
export function drawLeaf(scene: Scene, depth: number, random: Random): Leaf {
  const radius = drawRadius(scene.smallest, scene.side, random);
  // Most things are about as long as wide, some are twigs and wires.
  const aspect = Math.exp(-Math.abs(random.normal()) * (random.next() < 0.2 ? 1.6 : 0.4));
  const a = radius / Math.sqrt(aspect);
  const b = radius * Math.sqrt(aspect);
  const corners = random.next() < 0.5 ? 0 : 3 + random.integer(4);
  const edges = drawEdges(corners, a, b, random);
  const warped = radius > 4 && random.next() < 0.5;
  const warp = warped ? b * random.uniform(0.05, 0.5) : 0;
  const softness = 0.8 + scene.aperture * Math.abs(depth - scene.focus) + (random.next() < 0.1 ? 0.3 * b : 0);
  const x = random.uniform(-radius, scene.side + radius);
  const y = random.uniform(-radius, scene.side + radius);
  const angle = random.uniform(0, Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const spread = corners === 0 ? 1 : cornerLimit;
  const margin = 3 * warp + softness;
  return {
    x,
    y,
    reachX: spread * Math.hypot(a * cos, b * sin) + margin,
    reachY: spread * Math.hypot(a * sin, b * cos) + margin,
    cos,
    sin,
    a,
    b,
    edges,
    warp,
    warpScale: random.uniform(15, 60) / radius,
    softness,
    ...drawSurface(scene, x, y, softness, random),
    shadeU: (0.15 * random.normal()) / a,
    shadeV: (0.15 * random.normal()) / b,
    offset: random.uniform(0, 4096),
  };
}

/** A leaf that fills the picture, behind all others. */
export function drawBackground(scene: Scene, random: Random): Leaf {
  const { side } = scene;
  const leaf = drawLeaf(scene, 1, random);
  const everywhere = { x: side / 2, y: side / 2, a: 4 * side, b: 4 * side, reachX: side, reachY: side };
  return { ...leaf, ...everywhere, edges: new Float64Array(), warp: 0, softness: 1, shadeU: 0, shadeV: 0 };
}

/** Edges of a convex polygon about an ellipse of half axes `a` and `b`. */
function drawEdges(corners: number, a: number, b: number, random: Random): Float64Array {
  const edges = new Float64Array(3 * corners);
  const jitter = random.next() < 0.4 ? 0 : 0.35;
  for (let k = 0; k < corners; k++) {
    const angle = (2 * Math.PI * (k + jitter * random.uniform(-1, 1))) / corners;
    const x = Math.cos(angle);
    const y = Math.sin(angle);
    edges.set([x, y, Math.hypot(a * x, b * y) * (1 - jitter * random.next())], 3 * k);
  }
  return edges;
}

function drawSurface(scene: Scene, x: number, y: number, softness: number, random: Random) {
  // Things of a kind gather: which colour is likely depends on the place.
  const place = scene.outline.at((96 * x) / scene.side + scene.regions, (96 * y) / scene.side);
  const kind = (0.5 + 0.3 * place + 0.12 * random.normal()) * scene.palette.length;
  const base = scene.palette[Math.max(0, Math.min(scene.palette.length - 1, Math.floor(kind)))]!;
  const level = Math.exp(0.15 * random.normal());
  const colour: Colour = [
    base[0] * level + 4 * random.normal(),
    base[1] * level + 2 * random.normal(),
    base[2] * level + 4 * random.normal(),
  ];
  // Heavy-tailed, so that many surfaces are nearly plain and a few are strongly patterned.
  const strength = Math.min(0.45, scene.texture * 0.15 * Math.exp(0.9 * random.normal()));
  const lightness = (colour[0] + colour[1] + colour[2]) / 3;
  const contrast: Colour = [
    strength * (0.8 * colour[0] + 0.2 * lightness) + 10 * strength * random.normal(),
    strength * (0.8 * colour[1] + 0.2 * lightness) + 4 * strength * random.normal(),
    strength * (0.8 * colour[2] + 0.2 * lightness) + 10 * strength * random.normal(),
  ];
  const pattern = random.next();
  const noisy = pattern < 0.75;
  const wavy = pattern > 0.6 && pattern < 0.85;
  // Out of focus, the noise is seen coarser and the waves fade as under a Gaussian of half the edge's width.
  const noiseScale = Math.exp(random.uniform(Math.log(0.4), Math.log(2))) / Math.max(1, softness / 2);
  const stretch = random.next() < 0.3 ? random.uniform(2, 8) : 1;
  const period = Math.exp(random.uniform(Math.log(2.5), Math.log(30)));
  const fade = Math.exp(-0.5 * ((Math.PI * (softness - 0.8)) / period) ** 2);
  return {
    colour,
    contrast,
    noise: noisy ? 1 : 0,
    noiseScaleU: noiseScale / stretch,
    noiseScaleV: noiseScale,
    wave: wavy ? fade * random.uniform(0.5, 2) : 0,
    waveU: (2 * Math.PI) / period,
    waveV: random.next() < 0.3 ? (2 * Math.PI) / (period * random.uniform(0.5, 2)) : 0,
    waveBend: random.next() < 0.5 ? random.uniform(0, 2) : 0,
    waveHardness: Math.exp(random.uniform(0, 1.8)),
  };
}

/** Distance from a point of the leaf's own frame to its outline, negative inside; inexact away from the outline. */
export function distance(leaf: Leaf, u: number, v: number): number {
  const { edges } = leaf;
  const x = u / leaf.a;
  const y = v / leaf.b;
  const limit = edges.length === 0 ? 1 : cornerLimit;
  let furthest = (Math.sqrt(x * x + y * y) - limit) * leaf.b;
  for (let k = 0; k < edges.length; k += 3) {
    const beyond = edges[k]! * u + edges[k + 1]! * v - edges[k + 2]!;
    if (beyond > furthest) furthest = beyond;
  }
  return furthest;
}

/** The texture's value at a point of the leaf's own frame: about -1..1, multiplied by the leaf's contrast. */
export function textureAt(leaf: Leaf, scene: Scene, u: number, v: number): number {
  const { offset } = leaf;
  let value = 0;
  let grain = 0;
  if (leaf.noise !== 0 || leaf.waveBend !== 0) {
    grain = scene.surface.at(u * leaf.noiseScaleU + offset, v * leaf.noiseScaleV + offset);
    value = leaf.noise * grain;
  }
  if (leaf.wave !== 0) {
    let wave = Math.sin(u * leaf.waveU + offset + leaf.waveBend * grain);
    if (leaf.waveV !== 0) wave *= Math.sin(v * leaf.waveV + offset);
    value += leaf.wave * Math.max(-1, Math.min(1, wave * leaf.waveHardness));
  }
  return value;
}
