import type { Raster } from '../raster.ts';
import { perceive, softmax } from './classifier.ts';
import { diagnosisModel } from './diagnosis-model.ts';
import { diagnosticFeatures } from './features.ts';
import { jpegQuality } from './jpeg-quality.ts';

/** What a photograph can show, in the order of the classifier's outputs. */
export const FINDINGS = ['none', 'noise', 'blur', 'jpeg', 'rain'] as const;
export type Finding = (typeof FINDINGS)[number];

const TASKS: Record<Finding, string | null> = {
  none: null,
  noise: 'denoise',
  blur: 'deblur',
  jpeg: 'jpeg',
  rain: 'derain',
};

/** The task of the networks that mend what was found; null where nothing is to be done. None of them enlarges. */
export function taskFor(finding: Finding): string | null {
  return TASKS[finding];
}

export interface Diagnosis {
  /** The degradation that the photograph shows, or `none` where none is sure enough. */
  finding: Finding;
  /** The task that mends it: `denoise`, `deblur`, `jpeg`, `derain`; null where nothing is to be done. */
  task: string | null;
  /** Of each by its looks, before that caution; they sum to 1. */
  probabilities: Record<Finding, number>;
  /** Standard deviation of the noise in each channel, 0..255. Means something where noise is found. */
  sigma: number;
  /** The setting of the JPEG encoder, 1..100: as the file says, where it was given and is one; else as it looks where JPEG is found. */
  quality: number;
}

/** Sides below this show too little to tell. */
const LEAST = 32;

const SURE = diagnosisModel.threshold;

/** Files of this quality or less show what JPEG did, though it may not be seen: jpeg/small brings them a decibel (its card). */
const MOST_TO_MEND = 75;

/**
 * Tells what spoils a photograph: noise, blur (of motion or focus), JPEG, rain, or nothing.
 *
 * A classifier of our own looks at the residual's statistics in flat blocks, of grey and of colour and at three sizes of
 * detail, at how fast grey changes with distance, at steps on a grid of 8 and at bright thin streaks, in up to 2^18 pixels
 * spread over the photograph. It is cautious: a good photograph is to be left alone, so what it is not sure of is `none`;
 * so is one below 32 pixels a side. `packages/bench/scripts/fit-diagnosis.ts` fits it and prints how often it is right.
 * Two degradations at once are found as the stronger of them. What it was taught are mostly photographs scaled down for a
 * screen: a piece of a camera's picture at full size, which is soft, may pass for blurred, a facade for rain.
 *
 * @param image of any array type; alpha is not looked at.
 * @param file the bytes it was decoded from: a JPEG of quality 75 or less is found by its tables where nothing else is.
 */
export function diagnose(image: Raster, file?: Uint8Array): Diagnosis {
  const seen = image.width < LEAST || image.height < LEAST ? undecided : look(image);
  const quality = file && jpegQuality(file);
  if (quality === undefined) return seen;
  if (seen.finding !== 'none' || quality > MOST_TO_MEND) return { ...seen, quality };
  return { ...seen, quality, finding: 'jpeg', task: taskFor('jpeg') };
}

function look(image: Raster): Diagnosis {
  return interpret(perceive(diagnosticFeatures(image), diagnosisModel), SURE);
}

/** What the classifier's outputs say: five logits, the logarithm of sigma and a tenth of the quality. */
export function interpret(outputs: readonly number[], sure: number): Diagnosis {
  const shares = softmax(outputs.slice(0, FINDINGS.length));
  const best = shares.indexOf(Math.max(...shares));
  const probabilities = Object.fromEntries(FINDINGS.map((finding, i) => [finding, shares[i]!]));
  const [logSigma, tenths] = outputs.slice(FINDINGS.length);
  const finding = shares[best]! >= sure ? FINDINGS[best]! : 'none';
  return {
    finding,
    task: taskFor(finding),
    probabilities: probabilities as Record<Finding, number>,
    sigma: Math.exp(logSigma!),
    quality: Math.min(100, Math.max(1, Math.round(10 * tenths!))),
  };
}

const undecided: Diagnosis = {
  finding: 'none',
  task: null,
  probabilities: { none: 1, noise: 0, blur: 0, jpeg: 0, rain: 0 },
  sigma: 0,
  quality: 100,
};
