import * as z from 'zod';
import { PellucidError } from './errors.ts';

/** Everything a generator needs to continue where it stood; survives JSON unchanged. */
export const RandomState = z.strictObject({
  /** The four words of xoshiro128**, not all zero. */
  words: z
    .tuple([z.uint32(), z.uint32(), z.uint32(), z.uint32()])
    .refine((words) => words.some((word) => word !== 0), 'all words are zero'),
  /** The second normal value of a Box-Muller pair, when only the first has been handed out. */
  pending: z.number().nullable(),
});
export type RandomState = z.infer<typeof RandomState>;

/**
 * A seeded stream of random numbers: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), period 2^128 - 1.
 *
 * Everything random in a run draws from one of these, so that a run is repeated by its seed and resumed, bit for
 * bit, by its saved state. Not for secrets.
 */
export class Random {
  #words: Uint32Array;
  /** The second normal value of a pair; NaN when there is none, so that it is a number always, which V8 keeps in place. */
  #pending = Number.NaN;

  /** `seed` is read as text, so that `1` and `'1'` name the same stream. */
  constructor(seed: number | string) {
    // The lanes start apart, at the first digits of pi.
    this.#words = absorb(Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), String(seed));
  }

  /**
   * A generator that continues where `state()` was taken.
   * @throws PellucidError `random/state` when `state` is not one that `state()` returned.
   */
  static from(state: RandomState): Random {
    const parsed = RandomState.safeParse(state);
    if (!parsed.success) {
      throw new PellucidError(
        'random/state',
        'The saved state of the random numbers is damaged; start the run afresh.',
        {
          cause: parsed.error,
        },
      );
    }
    const random = new Random(0);
    random.#words = Uint32Array.from(parsed.data.words);
    random.#pending = parsed.data.pending ?? Number.NaN;
    return random;
  }

  state(): RandomState {
    const pending = Number.isNaN(this.#pending) ? null : this.#pending;
    return { words: [...this.#words] as RandomState['words'], pending };
  }

  /**
   * An independent stream named `label`. It depends on where this stream stands and on the label, and does not move
   * this stream, so that adding a consumer leaves the others' numbers as they were.
   */
  fork(label: string): Random {
    const random = new Random(0);
    random.#words = absorb(this.#words, label);
    return random;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  next(): number {
    const words = this.#words;
    const second = words[1]!;
    words[2]! ^= words[0]!;
    words[3]! ^= second;
    words[1]! ^= words[2]!;
    words[0]! ^= words[3]!;
    words[2]! ^= second << 9;
    words[3] = rotateLeft(words[3]!, 11);
    return (Math.imul(rotateLeft(Math.imul(second, 5), 7), 9) >>> 0) / 2 ** 32;
  }

  /** Uniform over 0, 1 .. n - 1; `n` an integer from 1 to 2^32. */
  integer(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Standard normal: mean 0, variance 1 (Box and Muller, 1958), values within about 6.7. */
  normal(): number {
    const value = this.#pending;
    if (!Number.isNaN(value)) {
      this.#pending = Number.NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#pending = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** One step of a 32-bit SplitMix (Steele, Lea and Flood, 2014), with the finaliser constants of "lowbias32". */
function splitmix(word: number): number {
  let z = (word + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** Mixes a label into four words. The length goes in too, so that an empty label also changes them. */
function absorb(words: Uint32Array, label: string): Uint32Array {
  const codes = [...label].map((character) => character.codePointAt(0)!);
  const mixed = words.map((word) =>
    [...codes, codes.length].reduce((lane, code) => splitmix(lane ^ code), word),
  );
  // A generator of zeros would stay at zero.
  if (mixed.every((word) => word === 0)) mixed[0] = 1;
  return mixed;
}
