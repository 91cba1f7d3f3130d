/** Half of the spectrum of a plane of real values, since the other half mirrors it: [width][height / 2 + 1], complex. */
export interface Spectrum {
  re: Float32Array;
  im: Float32Array;
}

/**
 * Fourier transforms of planes of one size, by buffers that are made once.
 *
 * Both axes are transformed with the values of the other lying side by side, so that every inner loop runs along memory;
 * two columns of real values go through as one of complex values.
 */
export class Fourier {
  readonly width: number;
  readonly height: number;
  readonly #down: Line;
  readonly #across: Line;
  /** [height][width / 2]: the left half of a plane, and the right one as its imaginary part. */
  readonly #folded: Spectrum;

  /** @param width, height even, with no prime factors but 2 and 3, as `smoothLength` gives them */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#down = new Line(height, width / 2);
    this.#across = new Line(width, this.rows);
    this.#folded = complex((height * width) / 2);
  }

  /** Rows of a spectrum that are kept. */
  get rows(): number {
    return this.height / 2 + 1;
  }

  /** Room for a spectrum of this size. */
  spectrum(): Spectrum {
    return complex(this.width * this.rows);
  }

  /** The spectrum of a plane, `height` rows of `width` values; in `into` where that is given. */
  forward(plane: Float32Array, into = this.spectrum()): Spectrum {
    const { width, height, rows } = this;
    const half = width / 2;
    const folded = this.#folded;
    for (let y = 0; y < height; y++) {
      const middle = y * width + half;
      folded.re.set(plane.subarray(middle - half, middle), y * half);
      folded.im.set(plane.subarray(middle, middle + half), y * half);
    }
    const { re, im } = this.#down.transform(folded);
    for (let y = 0; y < rows; y++) {
      const here = y * half;
      const there = ((height - y) % height) * half;
      for (let x = 0; x < half; x++) {
        const a = re[here + x]!;
        const b = re[there + x]!;
        const c = im[here + x]!;
        const d = im[there + x]!;
        const left = x * rows + y;
        const right = left + half * rows;
        into.re[left] = (a + b) / 2;
        into.im[left] = (c - d) / 2;
        into.re[right] = (c + d) / 2;
        into.im[right] = (b - a) / 2;
      }
    }
    const done = this.#across.transform(into);
    if (done !== into) {
      into.re.set(done.re);
      into.im.set(done.im);
    }
    return into;
  }

  /** The plane that has a spectrum, which is overwritten; in `plane` where that is given. */
  inverse(
    spectrum: Spectrum,
    plane: Float32Array = new Float32Array(this.width * this.height),
  ): Float32Array {
    const { width, height, rows } = this;
    const half = width / 2;
    // A transform with its parts swapped is the inverse, but for the scale.
    const { re: im, im: re } = this.#across.transform({ re: spectrum.im, im: spectrum.re });
    const scale = 1 / (width * height);
    const folded = this.#folded;
    for (let y = 0; y < rows; y++) {
      const here = y * half;
      const there = ((height - y) % height) * half;
      for (let x = 0; x < half; x++) {
        const left = x * rows + y;
        const right = left + half * rows;
        folded.re[there + x] = scale * (re[left]! + im[right]!);
        folded.im[there + x] = scale * (re[right]! - im[left]!);
        folded.re[here + x] = scale * (re[left]! - im[right]!);
        folded.im[here + x] = scale * (im[left]! + re[right]!);
      }
    }
    const { re: right, im: left } = this.#down.transform({ re: folded.im, im: folded.re });
    for (let y = 0; y < height; y++) {
      plane.set(left.subarray(y * half, (y + 1) * half), y * width);
      plane.set(right.subarray(y * half, (y + 1) * half), y * width + half);
    }
    return plane;
  }
}

/** The squared length of what taking gradients does to each frequency. */
export function gradientPower({ width, height, rows }: Fourier): Float32Array {
  const power = new Float32Array(width * rows);
  for (let x = 0, i = 0; x < width; x++)
    for (let y = 0; y < rows; y++, i++)
      power[i] = 4 * Math.sin((Math.PI * x) / width) ** 2 + 4 * Math.sin((Math.PI * y) / height) ** 2;
  return power;
}

/** The least length from `length` on that `Fourier` takes. */
export function smoothLength(length: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(length, 4)));
  return power > 4 && 0.75 * power >= length ? 0.75 * power : power;
}

function complex(length: number): Spectrum {
  return { re: new Float32Array(length), im: new Float32Array(length) };
}

/** A pass of a transform: `count` groups of `radix` values, turned by powers of a root of unity. */
interface Pass {
  radix: 2 | 3 | 4;
  count: number;
  /** Values that lie side by side and are treated alike. */
  run: number;
  /** Cosine and sine of the angle of each group. */
  cos: Float64Array;
  sin: Float64Array;
}

/** Transforms along the first axis of [length][lanes], by Stockham's passes, which put everything in order as they go. */
class Line {
  readonly #passes: Pass[] = [];
  readonly #to: Spectrum;

  constructor(length: number, lanes: number) {
    this.#to = complex(length * lanes);
    for (let left = length, run = lanes; left > 1; ) {
      const radix = left % 4 === 0 ? 4 : left % 2 === 0 ? 2 : 3;
      const count = left / radix;
      const angle = (group: number) => (-2 * Math.PI * group) / left;
      this.#passes.push({
        radix,
        count,
        run,
        cos: Float64Array.from({ length: count }, (_, group) => Math.cos(angle(group))),
        sin: Float64Array.from({ length: count }, (_, group) => Math.sin(angle(group))),
      });
      left = count;
      run *= radix;
    }
  }

  /** The result is `from` itself or a buffer that the next transform overwrites; `from` is overwritten. */
  transform(from: Spectrum): Spectrum {
    let to = this.#to;
    for (const pass of this.#passes) {
      if (pass.radix === 4) fours(from, to, pass);
      else if (pass.radix === 3) threes(from, to, pass);
      else twos(from, to, pass);
      [from, to] = [to, from];
    }
    return from;
  }
}

function twos(from: Spectrum, to: Spectrum, { count, run, cos, sin }: Pass): void {
  const { re, im } = from;
  const { re: toRe, im: toIm } = to;
  const step = count * run;
  for (let group = 0; group < count; group++) {
    const c = cos[group]!;
    const s = sin[group]!;
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

function threes(from: Spectrum, to: Spectrum, { count, run, cos, sin }: Pass): void {
  const { re, im } = from;
  const { re: toRe, im: toIm } = to;
  const step = count * run;
  const height = Math.sqrt(3) / 2;
  for (let group = 0; group < count; group++) {
    const c = cos[group]!;
    const s = sin[group]!;
    const c2 = c * c - s * s;
    const s2 = 2 * c * s;
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

function fours(from: Spectrum, to: Spectrum, { count, run, cos, sin }: Pass): void {
  const { re, im } = from;
  const { re: toRe, im: toIm } = to;
  const step = count * run;
  for (let group = 0; group < count; group++) {
    const c = cos[group]!;
    const s = sin[group]!;
    const c2 = c * c - s * s;
    const s2 = 2 * c * s;
    const c3 = c2 * c - s2 * s;
    const s3 = c2 * s + s2 * c;
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
