/** `--dtype`: how the commands that write safetensors store weights. */
import { type Dtype, dtypes, PellucidError } from '@pellucid/core';

export const dtypeHelp = 'F32; F16 for half the size; I8 for less, of an encoder-decoder.';

export function parseDtype(text: string): Dtype {
  const dtype = dtypes.find((known) => known === text);
  if (!dtype) throw new PellucidError('cli/usage', `--dtype ${text} is none of ${dtypes.join(', ')}.`);
  return dtype;
}
