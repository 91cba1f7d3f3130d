import type { BlurKernel } from '../degradations/motion-blur.ts';
import type { Workspace } from '../kernels/workspace.ts';
import { Fourier, gradientPower } from './fourier.ts';
import { placed, taken } from './kernel.ts';
import type { Spectrum } from './passes.ts';
import type { Plane } from './plane.ts';

/** Of the coupling of the picture's gradients to sparse ones, which grows with every step; the first is a multiple of the cost. */
const FIRST_COUPLING = 4;
const COUPLING_GROWTH = 1.5;
const LAST_COUPLING = 1e3;
/** Holds the kernel's weights down where the picture has no edges to tell them by. */
const RIDGE = 8;

/** The picture with few gradients that a kernel would blur into the one that is known. */
export class SparsePicture {
  readonly #workspace: Workspace;
  readonly #fourier: Fourier;
  readonly #blurred: Plane;
  readonly #blurredSpectrum: Spectrum;
  readonly #gradients: Float32Array;
  /** Of the sparse picture. */
  readonly #spectrum: Spectrum;
  /** Of the kernel, and of the blurred picture correlated with it. */
  readonly #kernel: Spectrum;
  readonly #matched: Spectrum;
  readonly #power: Float32Array;
  readonly #picture: Float32Array;
  readonly #divergence: Float32Array;
  readonly #scratch: Float32Array;

  /** @param blurred of a size that `Fourier` takes; of 512 x 512 the workspace has room for one */
  constructor(blurred: Plane, workspace: Workspace) {
    const { width, height, values } = blurred;
    const fourier = new Fourier(width, height, workspace);
    this.#workspace = workspace;
    this.#fourier = fourier;
    this.#blurred = blurred;
    this.#blurredSpectrum = fourier.forward(values);
    this.#spectrum = fourier.spectrum();
    this.#kernel = fourier.spectrum();
    this.#matched = fourier.spectrum();
    this.#power = workspace.floats(width * fourier.rows);
    this.#gradients = workspace.floats(width * fourier.rows);
    this.#gradients.set(gradientPower(fourier));
    this.#picture = workspace.floats(width * height);
    this.#divergence = workspace.floats(width * height);
    this.#scratch = workspace.floats(3 * width + 4);
  }

  /**
   * Minimises |k * x - y|^2 + cost * (number of gradients of x that are not 0) by half-quadratic splitting: by turns, gradients
   * that are too small are taken for 0, and the picture is drawn towards those that are left, more and more.
   */
  *find(kernel: BlurKernel, cost: number): Generator<number, void> {
    const { width, height, values } = this.#blurred;
    this.#match(kernel);
    this.#picture.set(values);
    for (let coupling = FIRST_COUPLING * cost; coupling < LAST_COUPLING; coupling *= COUPLING_GROWTH) {
      this.#dropGradients(cost / coupling);
      this.#fourier.forward(this.#divergence, this.#spectrum);
      this.#couple(coupling);
      this.#fourier.inverse(this.#spectrum, this.#picture);
      yield width * height;
    }
  }

  /** The kernel of `size` that best makes the gradients of the blurred picture of those of the sparse one. */
  fitKernel(size: number): BlurKernel {
    const { width, height } = this.#blurred;
    const fit = this.#matched;
    for (let i = 0; i < this.#gradients.length; i++) {
      const gradients = this.#gradients[i]!;
      const a = this.#spectrum.re[i]!;
      const b = this.#spectrum.im[i]!;
      const c = this.#blurredSpectrum.re[i]!;
      const d = this.#blurredSpectrum.im[i]!;
      const scale = gradients / (gradients * (a * a + b * b) + RIDGE);
      fit.re[i] = scale * (a * c + b * d);
      fit.im[i] = scale * (a * d - b * c);
    }
    return taken(this.#fourier.inverse(fit, this.#divergence), width, height, size);
  }

  #match(kernel: BlurKernel): void {
    const { width, height } = this.#blurred;
    const k = this.#fourier.forward(placed(kernel, width, height), this.#kernel);
    for (let i = 0; i < this.#power.length; i++) {
      const a = k.re[i]!;
      const b = k.im[i]!;
      const c = this.#blurredSpectrum.re[i]!;
      const d = this.#blurredSpectrum.im[i]!;
      this.#power[i] = a * a + b * b;
      this.#matched.re[i] = a * c + b * d;
      this.#matched.im[i] = a * d - b * c;
    }
  }

  /** What the picture's gradients whose square is at least `least` come from: their negative divergence, wrapped around. */
  #dropGradients(least: number): void {
    const { width, height } = this.#blurred;
    const { side } = this.#workspace;
    const [picture, divergence] = [this.#picture, this.#divergence];
    if (side) {
      const [from, to, scratch] = [picture, divergence, this.#scratch].map(({ byteOffset }) => byteOffset);
      side.sparseDivergence(from!, to!, width, height, least, scratch!);
      return;
    }
    divergence.fill(0);
    for (let y = 0, i = 0; y < height; y++) {
      const below = y + 1 < height ? width : width - picture.length;
      for (let x = 0; x < width; x++, i++) {
        const right = x + 1 < width ? 1 : 1 - width;
        const across = picture[i + right]! - picture[i]!;
        const down = picture[i + below]! - picture[i]!;
        if (across * across + down * down < least) continue;
        divergence[i]! -= across + down;
        divergence[i + right]! += across;
        divergence[i + below]! += down;
      }
    }
  }

  /** From the spectrum of a divergence to that of the picture that is drawn to it, and to the blurred one. */
  #couple(coupling: number): void {
    const { re, im } = this.#spectrum;
    const { side } = this.#workspace;
    if (side) {
      const arrays = [re, im, this.#matched.re, this.#matched.im, this.#power, this.#gradients];
      side.coupleSpectra(...arrays.map(({ byteOffset }) => byteOffset), coupling, re.length);
      return;
    }
    for (let i = 0; i < re.length; i++) {
      const scale = 1 / (this.#power[i]! + coupling * this.#gradients[i]!);
      re[i] = scale * (this.#matched.re[i]! + coupling * re[i]!);
      im[i] = scale * (this.#matched.im[i]! + coupling * im[i]!);
    }
  }
}
