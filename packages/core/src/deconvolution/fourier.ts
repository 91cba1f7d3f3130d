import type { Workspace } from '../kernels/workspace.ts';
import { applyPass, foldSpectra, type Pass, type Spectrum, unfoldSpectra } from './passes.ts';

/**
 * Fourier transforms of planes of one size, in a workspace.
 *
 * Both axes are transformed with the values of the other lying side by side, so that every inner loop runs along memory;
 * two columns of real values go through as one of complex values.
 */
export class Fourier {
  readonly width: number;
  readonly height: number;
  readonly #workspace: Workspace;
  readonly #down: readonly Pass[];
  readonly #across: readonly Pass[];
  /** Where values are between two passes. */
  readonly #between: [Spectrum, Spectrum];

  /** @param width, height as `smoothLength` gives them */
  constructor(width: number, height: number, workspace: Workspace) {
    this.width = width;
    this.height = height;
    this.#workspace = workspace;
    this.#down = passesOf(height, width / 2, workspace);
    this.#across = passesOf(width, this.rows, workspace);
    this.#between = [this.spectrum(), this.spectrum()];
  }

  /** Values of a column of a spectrum. */
  get rows(): number {
    return this.height / 2 + 4;
  }

  /** Room for a spectrum of this size. */
  spectrum(): Spectrum {
    const length = this.width * this.rows;
    return { re: this.#workspace.floats(length), im: this.#workspace.floats(length) };
  }

  /** The spectrum of a plane, `height` rows of `width` values; in `into` where that is given. */
  forward(plane: Float32Array, into = this.spectrum()): Spectrum {
    const { width, height } = this;
    const half = width / 2;
    const folded = this.#between[0];
    for (let y = 0; y < height; y++) {
      const middle = y * width + half;
      folded.re.set(plane.subarray(middle - half, middle), y * half);
      folded.im.set(plane.subarray(middle, middle + half), y * half);
    }
    const down = this.#transform(this.#down, folded);
    const unfolded = this.#other(down);
    const { side } = this.#workspace;
    if (side) side.unfoldSpectra(...addresses(down, unfolded), half, height);
    else unfoldSpectra(down, unfolded, half, height);
    const across = this.#transform(this.#across, unfolded);
    into.re.set(across.re);
    into.im.set(across.im);
    return into;
  }

  /** The plane that has a spectrum, which stays as it is; in `plane` where that is given. */
  inverse(
    spectrum: Spectrum,
    plane: Float32Array = new Float32Array(this.width * this.height),
  ): Float32Array {
    const { width, height } = this;
    const half = width / 2;
    // A transform with its parts swapped is the inverse, but for the scale.
    const across = swapped(this.#transform(this.#across, swapped(spectrum)));
    const folded = this.#other(across);
    const scale = 1 / (width * height);
    const { side } = this.#workspace;
    if (side) side.foldSpectra(...addresses(across, folded), half, height, scale);
    else foldSpectra(across, folded, half, height, scale);
    const { re: right, im: left } = this.#transform(this.#down, swapped(folded));
    for (let y = 0; y < height; y++) {
      plane.set(left.subarray(y * half, (y + 1) * half), y * width);
      plane.set(right.subarray(y * half, (y + 1) * half), y * width + half);
    }
    return plane;
  }

  /** Gives one of the two between, of which `from` may be one. */
  #transform(passes: readonly Pass[], from: Spectrum): Spectrum {
    const { side } = this.#workspace;
    let values = from;
    for (const pass of passes) {
      const to = this.#other(values);
      const { radix, count, run, turns } = pass;
      if (side) side.fourierPass(...addresses(values, to), radix, count, run, turns.byteOffset);
      else applyPass(values, to, pass);
      values = to;
    }
    return values;
  }

  /** One of the two between: the one that has none of these values. */
  #other({ re, im }: Spectrum): Spectrum {
    const [first, second] = this.#between;
    return re === first.re || im === first.re ? second : first;
  }
}

/** The squared length of what taking gradients does to each frequency. */
export function gradientPower({ width, height, rows }: Fourier): Float32Array {
  const power = new Float32Array(width * rows);
  for (let x = 0, i = 0; x < width; x++)
    for (let y = 0; y < rows; y++, i++)
      power[i] =
        4 * Math.sin((Math.PI * x) / width) ** 2 +
        4 * Math.sin((Math.PI * Math.min(y, height / 2)) / height) ** 2;
  return power;
}

/** The least length from `length` on that `Fourier` takes: a multiple of 8, with no prime factors but 2 and 3. */
export function smoothLength(length: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(length, 8)));
  return power > 16 && 0.75 * power >= length ? 0.75 * power : power;
}

const swapped = ({ re, im }: Spectrum): Spectrum => ({ re: im, im: re });

function addresses(...spectra: Spectrum[]): number[] {
  return spectra.flatMap(({ re, im }) => [re.byteOffset, im.byteOffset]);
}

/** The passes that transform the first axis of [length][lanes], in the order in which they leave every value in its place. */
function passesOf(length: number, lanes: number, workspace: Workspace): Pass[] {
  const passes: Pass[] = [];
  for (let left = length, run = lanes; left > 1; ) {
    const radix = left % 4 === 0 ? 4 : left % 2 === 0 ? 2 : 3;
    const count = left / radix;
    const turns = workspace.floats(count * 2 * (radix - 1));
    for (let group = 0, to = 0; group < count; group++)
      for (let power = 1; power < radix; power++) {
        const angle = (-2 * Math.PI * group * power) / left;
        turns[to++] = Math.cos(angle);
        turns[to++] = Math.sin(angle);
      }
    passes.push({ radix, count, run, turns });
    left = count;
    run *= radix;
  }
  return passes;
}
