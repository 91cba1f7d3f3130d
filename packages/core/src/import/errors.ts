import { PellucidError } from '../errors.ts';

/** The error for bytes that no reader understands, or that are damaged or made to do harm. */
export function notACheckpoint(reason: string, cause?: unknown): PellucidError {
  return new PellucidError(
    'import/not-a-checkpoint',
    `This is not a readable checkpoint: ${reason}. Give a file that torch.save wrote, or safetensors; download it again if it should be one.`,
    { cause },
  );
}

/** What to do about weights and a network that do not belong together. */
const remedy = 'Give the architecture and the config that the weights were trained with.';

export function missingTensor(which: string): PellucidError {
  return new PellucidError('import/missing-tensor', `The checkpoint has no tensor ${which} ${remedy}`);
}

export function wrongShape(name: string, found: readonly number[], needed: readonly number[]): PellucidError {
  return new PellucidError(
    'import/wrong-shape',
    `Tensor "${name}" has shape [${found.join(', ')}], but the network needs [${needed.join(', ')}]. ${remedy}`,
  );
}
