import { PellucidError } from '../errors.ts';

/** A function of features, `offset + sum of c_i exp(-gamma |x - v_i|^2)` with `x` the features scaled to -1..1. */
export interface KernelRegressor {
  gamma: number;
  offset: number;
  /** What scales to -1 and to 1, for each feature. */
  lower: readonly number[];
  upper: readonly number[];
  /** One row of scaled features for each coefficient. */
  vectors: readonly (readonly number[])[];
  coefficients: readonly number[];
}

/**
 * The regressor's value.
 * @param round applied to each scaled feature, for models whose makers stored them rounded.
 */
export function regress(
  { gamma, offset, lower, upper, vectors, coefficients }: KernelRegressor,
  features: readonly number[],
  round = (scaled: number) => scaled,
): number {
  const scaled = features.map((value, i) => round(-1 + (2 * (value - lower[i]!)) / (upper[i]! - lower[i]!)));
  return vectors.reduce((sum, vector, row) => {
    const distance = vector.reduce((squares, value, i) => squares + (scaled[i]! - value) ** 2, 0);
    return sum + coefficients[row]! * Math.exp(-gamma * distance);
  }, offset);
}

/**
 * Reads a regressor of libsvm (`epsilon_svr` with an `rbf` kernel) and the ranges that svm-scale wrote, which scale to
 * -1..1. BRISQUE's are published as `allmodel` and `allrange`.
 * @param model text of the model file.
 * @param ranges text of the range file.
 * @throws PellucidError `metric/svm`
 */
export function readSupportVectorModel(model: string, ranges: string): KernelRegressor {
  const [head, body] = model.split(/^SV\s*$/m);
  const header = new Map(
    (head ?? '').split(/\r?\n/).map((line) => line.trim().split(/\s+/) as [string, string]),
  );
  const number = (key: string) => Number(header.get(key) ?? Number.NaN);
  const scales = [...ranges.matchAll(/^\s*(\d+)\s+(\S+)\s+(\S+)\s*$/gm)].map((row) =>
    row.slice(1).map(Number),
  );
  const rows = (body ?? '').split(/\r?\n/).filter((line) => line.trim() !== '');
  const regressor: KernelRegressor = {
    gamma: number('gamma'),
    offset: -number('rho'),
    lower: scales.map(([, low]) => low!),
    upper: scales.map(([, , high]) => high!),
    vectors: rows.map((row) => readVector(row, scales.length)),
    coefficients: rows.map((row) => Number.parseFloat(row)),
  };
  const numbers = [
    regressor.gamma,
    regressor.offset,
    ...scales.flat(),
    ...regressor.coefficients,
    ...regressor.vectors.flat(),
  ];
  const sound =
    header.get('svm_type') === 'epsilon_svr' &&
    header.get('kernel_type') === 'rbf' &&
    /^\s*x\s+-1 1\s/.test(ranges) &&
    scales.length > 0 &&
    scales.every(([index, low, high], i) => index === i + 1 && low! < high!) &&
    rows.length === number('total_sv') &&
    regressor.vectors.every((vector) => vector.length === scales.length) &&
    numbers.every(Number.isFinite);
  if (!sound) {
    throw new PellucidError(
      'metric/svm',
      'The support-vector model cannot be read; give the text of a libsvm epsilon-SVR with an RBF kernel, and of its range file.',
    );
  }
  return regressor;
}

/** `coefficient 1:value 2:value ...`; what is not listed is 0. */
function readVector(row: string, length: number): number[] {
  const vector = new Array<number>(length).fill(0);
  for (const [, index, value] of row.matchAll(/(\d+):(\S+)/g)) vector[Number(index) - 1] = Number(value);
  return vector;
}
