export { deconvolve } from './deconvolution/deconvolve.ts';
export * from './degradations/index.ts';
export { type Diagnosis, diagnose, FINDINGS, type Finding, taskFor } from './diagnose/diagnose.ts';
export { jpegQuality } from './diagnose/jpeg-quality.ts';
export { studentFor } from './diagnose/student-for.ts';
export { webpQuantiser } from './diagnose/webp-quantiser.ts';
export { PellucidError } from './errors.ts';
export { blockMean } from './losses/block-mean.ts';
export { blockVariance, edgeSegmentDeviation } from './losses/blocks.ts';
export { dctLoss } from './losses/dct.ts';
export { positionDivergence } from './losses/divergence.ts';
export { contrastNormalised, edgeStatistics, naturalStatistics } from './losses/feature-statistics.ts';
export { l1 } from './losses/l1.ts';
export { greyLevels, mscnMap, neighbourProducts, sceneMoments } from './losses/mscn.ts';
export { spectrumLoss } from './losses/spectrum.ts';
export { waveletLoss } from './losses/wavelet.ts';
export {
  brisqueFeatures,
  brisqueScore,
  type FeatureModel,
  type KernelRegressor,
  type MetricOptions,
  msSsim,
  naturalnessDistance,
  type Piqe,
  piqe,
  psnr,
  qualityScore,
  rasterOf,
  readSupportVectorModel,
  ssim,
} from './metrics/index.ts';
export { type Before, before, imagesSeen, type Model, readModel, writeModel } from './model/model.ts';
export {
  type Dtype,
  dtypes,
  readSafetensors,
  type SafetensorsFile,
  writeSafetensors,
} from './model/safetensors.ts';
export { macsPerPixel, parameters, peakMemory, trainingMemory, weightsOf } from './network/cost.ts';
export { forward, forwardFrom, type WeightTensors } from './network/forward.ts';
export { type Conditions, enlargement, type Graph, type Node, type Weight } from './network/graph.ts';
export { infer } from './network/infer.ts';
export { mergeModels, mergeNetworks, mergeWeights } from './network/merge.ts';
export { deepen, widen } from './network/net2net.ts';
export { type Layer, layersOf, outline, type Part } from './network/outline.ts';
export { type ReceptiveField, receptiveField } from './network/receptive-field.ts';
export { fold, unfold, withBranches } from './network/reparameterise.ts';
export { type Feature, type Ops, trace } from './network/trace.ts';

export { buildNetwork, type NetworkConfig, networkConfig } from './networks/index.ts';
export { drawWeights, initialWeights, type Weights } from './networks/initial-weights.ts';
export { Random } from './random.ts';
export { type Raster, whiteLevel } from './raster.ts';
export { mirrored, resizeBicubic } from './resize/bicubic.ts';
export { inBands, type Restoring, restorersWorth } from './restore/bands.ts';
export { type RestoreOptions, Restorer } from './restore/restorer.ts';
export { seenBy } from './restore/seen-by.ts';
