/**
 * 3x3 convolution with stride 1 by Winograd's minimal filtering F(4x4, 3x3), and its two gradients.
 *
 * A tile of 4x4 outputs y needs 6x6 inputs d and the 3x3 filter g:  y = A^T [(G g G^T) * (B^T d B)] A  (Lavin
 * and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, section 4.3), where * multiplies
 * element by element, so over all channels it is 36 matrix products: 36 multiplications a tile in place of
 * 144. The gradient to the input is the same convolution with the filter turned by 180 degrees and its
 * channels exchanged. The gradient to the filter is the transpose of the same bilinear form:  dg = G^T [(A dy
 * A^T) * (B^T d B)] G.
 *
 * `winograd-transforms.ts` has the matrices. Tiles are worked through TILES at a time, so that scratch memory
 * stays in the second-level cache.
 */
import { finish, leakRows, padVector } from './epilogue';
import { accumulateOuter, multiply, packSize, panelWidth } from './gemm';
import { copyPixels, gatherLanes, loadLanes, madd, padded } from './lanes';
import { gradientTilePair, inputTilePair, outputTilePair } from './winograd-joined';
import {
  filterGradientTransform, filterTransform, gradientTransform, inputTransform, outputColumns, storeConstants,
} from './winograd-transforms';

/** Tiles in one block, a multiple of four. */
const TILES: i32 = 16;

/**
 * Bytes from one of 36 matrices of `rows` x `columns` to the next. The odd 64 keep them out of each other's
 * cache sets.
 */
@inline
function plane(rows: i32, columns: i32): usize {
  return (<usize>(rows * columns) << 2) + 64;
}

/** Bytes of scratch memory `winogradConv` and `winogradFilterGradient` need. */
export function winogradScratch(inChannels: i32, outChannels: i32): usize {
  const ci = padded(inChannels);
  const co = padded(outChannels);
  const planes = 36 * (plane(ci, co) + plane(TILES, ci) + plane(TILES, co));
  return WORK + 8 * co + patchSize(ci, co) + planes + packSize(TILES, ci);
}

/** Bytes for a tile of one transform, of eight channels, and behind it, at MATRICES, for the matrices' entries. */
const WORK: usize = 1216;
const MATRICES: usize = 1152;

/** Bytes for the pixels of a tile at the border. */
@inline
function patchSize(ci: i32, co: i32): usize {
  return <usize>(36 * 4) * max(ci, co);
}

/** B^T d B of four channels of one tile. `from` is its top left pixel. */
function transformInputTile(from: usize, row: usize, pixel: usize, to: usize, stride: usize, work: usize): void {
  const k = work + MATRICES;
  for (let x: usize = 0; x < 6; x++) {
    const p = from + x * pixel;
    inputTransform(
      v128.load(p), v128.load(p + row), v128.load(p + 2 * row),
      v128.load(p + 3 * row), v128.load(p + 4 * row), v128.load(p + 5 * row),
      work + (x << 4), 96, k,
    );
  }
  for (let y = 0; y < 6; y++) {
    inputTransform(
      v128.load(work), v128.load(work, 16), v128.load(work, 32),
      v128.load(work, 48), v128.load(work, 64), v128.load(work, 80),
      to, stride, k,
    );
    work += 96;
    to += 6 * stride;
  }
}

/**
 * Where the `size` x `size` pixels from (top, left) can be read with padded channels: in the image itself,
 * or, where they pass its border or the channels are not a multiple of four, in a copy with zeros at `patch`.
 */
function tilePixels(
  image: usize, height: i32, width: i32, channels: i32, top: i32, left: i32, size: i32, patch: usize,
): usize {
  const wide = padded(channels);
  const pixel = <usize>channels << 2;
  if (wide == channels && top >= 0 && left >= 0 && top + size <= height && left + size <= width) {
    return image + <usize>(top * width + left) * pixel;
  }
  memory.fill(patch, 0, <usize>(size * size * wide) << 2);
  const firstX = max(left, 0), lastX = min(left + size, width);
  for (let y = max(top, 0), end = min(top + size, height); y < end; y++) {
    const from = image + <usize>(y * width + firstX) * pixel;
    const to = patch + (<usize>(((y - top) * size + firstX - left) * wide) << 2);
    copyPixels(from, pixel, to, lastX - firstX, channels);
  }
  return patch;
}

/** Input tiles `first` to `first + count` of all images, transformed into 36 matrices of rows at `to`. */
function transformInput(
  x: usize, height: i32, width: i32, channels: i32, padTop: i32, padLeft: i32,
  tilesY: i32, tilesX: i32, first: i32, count: i32, to: usize, patch: usize, work: usize,
): void {
  const wide = padded(channels);
  const stride = plane(TILES, wide);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const tileY = tile / tilesX;
    const image = x + <usize>(tileY / tilesY) * (<usize>(height * width * channels) << 2);
    const from = tilePixels(
      image, height, width, channels, (tileY % tilesY) * 4 - padTop, (tile % tilesX) * 4 - padLeft, 6, patch,
    );
    const pixel = <usize>(from == patch ? wide : channels) << 2;
    const row = <usize>(from == patch ? 6 : width) * pixel;
    const out = to + (<usize>(t * wide) << 2);
    let c = 0;
    if (JOINED) {
      for (; c + 8 <= wide; c += 8) {
        inputTilePair(from + (c << 2), row, pixel, out + (c << 2), stride, work, work + MATRICES);
      }
    }
    for (; c < wide; c += 4) {
      transformInputTile(from + (c << 2), row, pixel, out + (c << 2), stride, work);
    }
  }
}

/**
 * G g G^T of every filter, into 36 matrices of panels; see `gemm.ts`. `turned` reads the filter of the
 * gradient to the input: turned by 180 degrees, channels exchanged. `inChannels` and `outChannels` are those
 * of the convolution that is run.
 */
function transformFilter(w: usize, to: usize, inChannels: i32, outChannels: i32, turned: bool, work: usize): void {
  const ci = padded(inChannels), co = padded(outChannels);
  const stride = plane(ci, co);
  const tap = <usize>(inChannels * outChannels) << 2;
  const k = work + MATRICES;
  if (ci != inChannels) memory.fill(to, 0, 36 * stride);
  for (let o = 0; o < outChannels; o += 4) {
    const lanes = outChannels - o;
    const panel = panelWidth(o, co), column = o & -panel;
    for (let i = 0; i < inChannels; i++) {
      for (let x: usize = 0; x < 3; x++) {
        if (turned) {
          const from = w + (<usize>(o * inChannels + i) << 2) + (8 - x) * tap;
          const step = <usize>inChannels << 2;
          filterTransform(
            gatherLanes(from, step, lanes), gatherLanes(from - 3 * tap, step, lanes),
            gatherLanes(from - 6 * tap, step, lanes), work + (x << 4), 48, k,
          );
        } else {
          const from = w + (<usize>(i * outChannels + o) << 2) + x * tap;
          filterTransform(
            loadLanes(from, lanes), loadLanes(from + 3 * tap, lanes), loadLanes(from + 6 * tap, lanes),
            work + (x << 4), 48, k,
          );
        }
      }
      let out = to + (<usize>(column * ci + i * panel + o - column) << 2);
      for (let row = work, end = work + 288; row < end; row += 48, out += 6 * stride) {
        filterTransform(v128.load(row), v128.load(row, 16), v128.load(row, 32), out, stride, k);
      }
    }
  }
}

/** A^T m A of one tile, for all channels, with bias and clamped, into the part of it inside the image. */
function writeTile(
  from: usize, stride: usize, to: usize, row: usize, channels: i32, rows: i32, columns: i32,
  bias: usize, work: usize,
): void {
  const k = work + MATRICES;
  const low = v128.load_splat<f32>(k, 32), high = v128.load_splat<f32>(k, 36);
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  const half = v128.load_splat<f32>(k, 8), two = v128.load_splat<f32>(k, 12);
  const pixel = <usize>channels << 2;
  let c = 0;
  if (JOINED) {
    for (; c + 8 <= channels; c += 8, from += 32) {
      const at = <usize>c << 2;
      outputTilePair(from, stride, to + at, row, pixel, rows, columns, bias + at, work, k);
    }
  }
  for (; c < channels; c += 4) {
    outputColumns(from, stride, work, k);
    const shift = v128.load(bias + (c << 2));
    const lanes = channels - c;
    for (let y = 0; y < rows; y++) {
      const m = work + y * 96;
      const m1 = v128.load(m, 16), m2 = v128.load(m, 32), m3 = v128.load(m, 48), m4 = v128.load(m, 64);
      const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4);
      let out = to + <usize>y * row + (<usize>c << 2);
      finish(madd(far, s, madd(near, t, f32x4.add(v128.load(m), shift))), out, low, high, lanes);
      if (columns < 2) continue;
      out += pixel;
      finish(f32x4.add(f32x4.add(d, e), shift), out, low, high, lanes);
      if (columns < 3) continue;
      out += pixel;
      finish(madd(near, s, madd(far, t, shift)), out, low, high, lanes);
      if (columns < 4) continue;
      out += pixel;
      finish(madd(half, d, madd(two, e, f32x4.add(v128.load(m, 80), shift))), out, low, high, lanes);
    }
    from += 16;
  }
}

/**
 * y = clamp(conv(x, w) + bias, low, high), 3x3, stride 1, any zero padding.
 * @param x [batch, height, width, inChannels]
 * @param w [3, 3, inChannels, outChannels], or [3, 3, outChannels, inChannels] when `turned`: gradient to the input
 * @param bias [outChannels] or 0 for none
 * @param slope what negative values are multiplied by, [outChannels], or 0 for `leak` throughout
 * @param y [batch, outHeight, outWidth, outChannels]
 * @param scratch `winogradScratch(inChannels, outChannels)` bytes
 */
export function winogradConv(
  x: usize, w: usize, bias: usize, slope: usize, y: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  padTop: i32, padLeft: i32, low: f32, high: f32, leak: f32, turned: bool, scratch: usize,
): void {
  const ci = padded(inChannels), co = padded(outChannels);
  const work = scratch;
  const shift = work + WORK;
  const zeros = shift + (co << 2);
  const patch = zeros + (co << 2);
  const filters = patch + patchSize(ci, co);
  const inputs = filters + 36 * plane(ci, co);
  const outputs = inputs + 36 * plane(TILES, ci);
  const packed = outputs + 36 * plane(TILES, co);

  storeConstants(work + MATRICES);
  // In memory like the constants: V8 joins vectors that it loads, and none that are arguments.
  store<f32>(work + MATRICES, low, 32);
  store<f32>(work + MATRICES, high, 36);
  padVector(bias, shift, outChannels);
  memory.fill(zeros, 0, co << 2);
  transformFilter(w, filters, inChannels, outChannels, turned, work);

  const tilesY = (outHeight + 3) >> 2, tilesX = (outWidth + 3) >> 2;
  const tiles = batch * tilesY * tilesX;
  const row = <usize>(outWidth * outChannels) << 2;
  for (let first = 0; first < tiles; first += TILES) {
    const count = min(TILES, tiles - first);
    transformInput(
      x, height, width, inChannels, padTop, padLeft, tilesY, tilesX, first, count, inputs, patch, work,
    );
    for (let k: usize = 0; k < 36; k++) {
      multiply(
        inputs + k * plane(TILES, ci), filters + k * plane(ci, co), zeros, outputs + k * plane(TILES, co),
        count, ci, co, packed,
      );
    }
    for (let t = 0; t < count; t++) {
      const tileY = (first + t) / tilesX;
      const top = (tileY % tilesY) * 4, left = ((first + t) % tilesX) * 4;
      const rows = min(4, outHeight - top), columns = min(4, outWidth - left);
      const at = <usize>(((tileY / tilesY) * outHeight + top) * outWidth + left) * (<usize>outChannels << 2);
      writeTile(
        outputs + (<usize>(t * co) << 2), plane(TILES, co), y + at, row, outChannels,
        rows, columns, shift, work,
      );
      for (let r = 0; r < rows; r++) leakRows(y + at + <usize>r * row, columns, outChannels, slope, leak);
    }
  }
}

/** A dy A^T of the tiles of the output gradient, into 36 matrices of rows. */
function transformGradient(
  dy: usize, height: i32, width: i32, channels: i32, tilesY: i32, tilesX: i32, first: i32, count: i32,
  to: usize, patch: usize, work: usize,
): void {
  const wide = padded(channels);
  const k = work + MATRICES;
  const stride = plane(TILES, wide);
  for (let t = 0; t < count; t++) {
    const tile = first + t;
    const tileY = tile / tilesX;
    const image = dy + <usize>(tileY / tilesY) * (<usize>(height * width * channels) << 2);
    const top = (tileY % tilesY) * 4, left = (tile % tilesX) * 4;
    const from = tilePixels(image, height, width, channels, top, left, 4, patch);
    const pixel = <usize>(from == patch ? wide : channels) << 2;
    const row = <usize>(from == patch ? 4 : width) * pixel;
    let c = 0;
    if (JOINED) {
      for (; c + 8 <= wide; c += 8) {
        gradientTilePair(from + (c << 2), row, pixel, to + (<usize>(t * wide + c) << 2), stride, work, k);
      }
    }
    for (; c < wide; c += 4) {
      for (let x: usize = 0; x < 4; x++) {
        const p = from + (c << 2) + x * pixel;
        gradientTransform(
          v128.load(p), v128.load(p + row), v128.load(p + 2 * row), v128.load(p + 3 * row),
          work + (x << 4), 64, k,
        );
      }
      let out = to + (<usize>(t * wide + c) << 2);
      for (let y = 0; y < 6; y++) {
        const z = work + (y << 6);
        gradientTransform(v128.load(z), v128.load(z, 16), v128.load(z, 32), v128.load(z, 48), out, stride, k);
        out += 6 * stride;
      }
    }
  }
}

/**
 * The gradient to the filter of a 3x3 convolution with stride 1.
 * @param x [batch, height, width, inChannels]
 * @param dy [batch, outHeight, outWidth, outChannels]
 * @param dw [3, 3, inChannels, outChannels]
 * @param scratch `winogradScratch(inChannels, outChannels)` bytes
 */
export function winogradFilterGradient(
  x: usize, dy: usize, dw: usize, batch: i32, height: i32, width: i32, inChannels: i32,
  outHeight: i32, outWidth: i32, outChannels: i32, padTop: i32, padLeft: i32, scratch: usize,
): void {
  const ci = padded(inChannels), co = padded(outChannels);
  const work = scratch;
  const k = work + MATRICES;
  const patch = work + WORK;
  const sums = patch + patchSize(ci, co);
  const sumStride = plane(ci, co);
  const inputs = sums + 36 * sumStride;
  const gradients = inputs + 36 * plane(TILES, ci);

  storeConstants(k);
  memory.fill(sums, 0, 36 * sumStride);
  const tilesY = (outHeight + 3) >> 2, tilesX = (outWidth + 3) >> 2;
  const tiles = batch * tilesY * tilesX;
  for (let first = 0; first < tiles; first += TILES) {
    const count = min(TILES, tiles - first);
    transformInput(
      x, height, width, inChannels, padTop, padLeft, tilesY, tilesX, first, count, inputs, patch, work,
    );
    transformGradient(dy, outHeight, outWidth, outChannels, tilesY, tilesX, first, count, gradients, patch, work);
    for (let m: usize = 0; m < 36; m++) {
      accumulateOuter(
        inputs + m * plane(TILES, ci), gradients + m * plane(TILES, co), sums + m * sumStride, count, ci, co,
      );
    }
  }

  for (let i = 0; i < inChannels; i++) {
    for (let o = 0; o < outChannels; o += 4) {
      const from = sums + (<usize>(i * co + o) << 2);
      for (let x: usize = 0; x < 6; x++) {
        filterGradientTransform(from + 6 * x * sumStride, sumStride, work + (x << 4), 96, 4, k);
      }
      const tap = <usize>(inChannels * outChannels) << 2;
      const to = dw + (<usize>(i * outChannels + o) << 2);
      for (let l: usize = 0; l < 3; l++) {
        filterGradientTransform(work + l * 96, 16, to + l * tap, 3 * tap, outChannels - o, k);
      }
    }
  }
}
