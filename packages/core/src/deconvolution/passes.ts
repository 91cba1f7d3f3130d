/**
 * What a Fourier transform is made of, for where the side module, which has the same (`kernels/assembly/fourier.ts`), is not
 * installed.
 */

/**
 * Half of the spectrum of a plane of real values, since the other half mirrors it: [width][height / 2 + 4], complex. Of each
 * column the last three values repeat the one before, so that four go through at once.
 */
export interface Spectrum {
  re: Float32Array;
  im: Float32Array;
}

/** A pass of Stockham's: `count` groups of `radix` runs of values, turned by powers of a root of unity. */
export interface Pass {
  radix: 2 | 3 | 4;
  count: number;
  /** Values that lie side by side and are treated alike. */
  run: number;
  /** Of each group the cosine and sine of its angle, and of the multiples of it, up to `radix` - 1. */
  turns: Float32Array;
}

/** Each group's runs, which lie `count` runs apart, become as many side by side. */
export function applyPass(from: Spectrum, to: Spectrum, pass: Pass): void {
  if (pass.radix === 4) fours(from, to, pass);
  else if (pass.radix === 3) threes(from, to, pass);
  else twos(from, to, pass);
}

function twos(from: Spectrum, to: Spectrum, { count, run, turns }: Pass): void {
  const { re, im } = from;
  const { re: toRe, im: toIm } = to;
  const step = count * run;
  for (let group = 0; group < count; group++) {
    const [c, s] = [turns[2 * group]!, turns[2 * group + 1]!];
    for (let i = group * run, end = i + run, o = 2 * i; i < end; i++, o++) {
      const ar = re[i]!;
      const ai = im[i]!;
      const br = re[i + step]!;
      const bi = im[i + step]!;
      toRe[o] = ar + br;
      toIm[o] = ai + bi;
      toRe[o + run] = (ar - br) * c - (ai - bi) * s;
      toIm[o + run] = (ar - br) * s + (ai - bi) * c;
    }
  }
}

function threes(from: Spectrum, to: Spectrum, { count, run, turns }: Pass): void {
  const { re, im } = from;
  const { re: toRe, im: toIm } = to;
  const step = count * run;
  const height = Math.sqrt(3) / 2;
  for (let group = 0; group < count; group++) {
    const at = 4 * group;
    const [c, s, c2, s2] = [turns[at]!, turns[at + 1]!, turns[at + 2]!, turns[at + 3]!];
    for (let i = group * run, end = i + run, o = 3 * i; i < end; i++, o++) {
      const sumRe = re[i + step]! + re[i + 2 * step]!;
      const sumIm = im[i + step]! + im[i + 2 * step]!;
      const turnedRe = height * (im[i + step]! - im[i + 2 * step]!);
      const turnedIm = height * (re[i + 2 * step]! - re[i + step]!);
      const middleRe = re[i]! - sumRe / 2;
      const middleIm = im[i]! - sumIm / 2;
      toRe[o] = re[i]! + sumRe;
      toIm[o] = im[i]! + sumIm;
      const br = middleRe + turnedRe;
      const bi = middleIm + turnedIm;
      toRe[o + run] = br * c - bi * s;
      toIm[o + run] = br * s + bi * c;
      const cr = middleRe - turnedRe;
      const ci = middleIm - turnedIm;
      toRe[o + 2 * run] = cr * c2 - ci * s2;
      toIm[o + 2 * run] = cr * s2 + ci * c2;
    }
  }
}

function fours(from: Spectrum, to: Spectrum, { count, run, turns }: Pass): void {
  const { re, im } = from;
  const { re: toRe, im: toIm } = to;
  const step = count * run;
  for (let group = 0; group < count; group++) {
    const at = 6 * group;
    const [c, s, c2] = [turns[at]!, turns[at + 1]!, turns[at + 2]!];
    const [s2, c3, s3] = [turns[at + 3]!, turns[at + 4]!, turns[at + 5]!];
    for (let i = group * run, end = i + run, o = 4 * i; i < end; i++, o++) {
      const evenRe = re[i]! + re[i + 2 * step]!;
      const evenIm = im[i]! + im[i + 2 * step]!;
      const oddRe = re[i]! - re[i + 2 * step]!;
      const oddIm = im[i]! - im[i + 2 * step]!;
      const sumRe = re[i + step]! + re[i + 3 * step]!;
      const sumIm = im[i + step]! + im[i + 3 * step]!;
      const turnedRe = im[i + step]! - im[i + 3 * step]!;
      const turnedIm = re[i + 3 * step]! - re[i + step]!;
      toRe[o] = evenRe + sumRe;
      toIm[o] = evenIm + sumIm;
      const br = oddRe + turnedRe;
      const bi = oddIm + turnedIm;
      toRe[o + run] = br * c - bi * s;
      toIm[o + run] = br * s + bi * c;
      const cr = evenRe - sumRe;
      const ci = evenIm - sumIm;
      toRe[o + 2 * run] = cr * c2 - ci * s2;
      toIm[o + 2 * run] = cr * s2 + ci * c2;
      const dr = oddRe - turnedRe;
      const di = oddIm - turnedIm;
      toRe[o + 3 * run] = dr * c3 - di * s3;
      toIm[o + 3 * run] = dr * s3 + di * c3;
    }
  }
}

/**
 * Takes the spectra of real columns apart that went through as complex ones, and transposes them.
 *
 * @param from [height][half]
 * @param to [2 * half][height / 2 + 4], of which the last three repeat the one before
 */
export function unfoldSpectra(from: Spectrum, to: Spectrum, half: number, height: number): void {
  const { re, im } = from;
  const last = height / 2;
  const stride = last + 4;
  for (let row = 0; row < stride; row++) {
    const y = Math.min(row, last);
    const here = y * half;
    const there = ((height - y) % height) * half;
    for (let x = 0; x < half; x++) {
      const a = re[here + x]!;
      const b = re[there + x]!;
      const c = im[here + x]!;
      const d = im[there + x]!;
      const left = x * stride + row;
      const right = left + half * stride;
      to.re[left] = (a + b) / 2;
      to.im[left] = (c - d) / 2;
      to.re[right] = (c + d) / 2;
      to.im[right] = (b - a) / 2;
    }
  }
}

/** The opposite: two spectra of real columns as one of complex ones, times `scale`. */
export function foldSpectra(
  { re, im }: Spectrum,
  to: Spectrum,
  half: number,
  height: number,
  scale: number,
): void {
  const last = height / 2;
  const stride = last + 4;
  for (let y = 0; y <= last; y++) {
    const here = y * half;
    const there = ((height - y) % height) * half;
    for (let x = 0; x < half; x++) {
      const left = x * stride + y;
      const right = left + half * stride;
      to.re[there + x] = scale * (re[left]! + im[right]!);
      to.im[there + x] = scale * (re[right]! - im[left]!);
      to.re[here + x] = scale * (re[left]! - im[right]!);
      to.im[here + x] = scale * (im[left]! + re[right]!);
    }
  }
}
