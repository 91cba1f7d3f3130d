import { PellucidError } from '../errors.ts';
import { type NamedArray, readSafetensors } from '../model/safetensors.ts';
import { notACheckpoint } from './errors.ts';
import type { Value } from './pickle.ts';
import { type Checkpoint, isPickle, isZip, readLegacyCheckpoint, readZipCheckpoint } from './pytorch.ts';
import { StridedTensor } from './strided-tensor.ts';

/** A network's arrays by name, shaped as they were saved, row-major. */
export type StateDict = Map<string, NamedArray>;

/** Where training scripts put the state dict, the best first: BasicSR keeps the moving average beside the weights. */
const wrappers = ['params_ema', 'params', 'state_dict', 'model'];

/** Adapters pass over the names again and again; the largest networks have some two thousand. */
const mostTensors = 10_000;

/**
 * Reads the weights of a network out of a file of PyTorch (zip or legacy container) or safetensors. All numbers become
 * float32. What else a training script saved beside the weights is passed over; `module.`, which DataParallel puts
 * before every name, is taken off. The file may be a stranger's: nothing in it is run.
 *
 * Throws PellucidError `import/not-a-checkpoint` (another file, or a damaged one), `import/refused-global` (it holds
 * more than plain values and tensors), `import/no-state-dict` (it holds none, as far as is known where to look), or
 * `model/not-safetensors`.
 */
export function readStateDict(bytes: Uint8Array): StateDict {
  const stateDict = read(bytes);
  if (stateDict.size > mostTensors)
    throw notACheckpoint(`it has ${stateDict.size} tensors, more than any network`);
  return withoutModule(stateDict);
}

function read(bytes: Uint8Array): StateDict {
  if (isZip(bytes)) return stateDictOf(readZipCheckpoint(bytes), bytes.length);
  if (isPickle(bytes)) return stateDictOf(readLegacyCheckpoint(bytes), bytes.length);
  if (isSafetensors(bytes)) return readSafetensors(bytes).tensors;
  throw notACheckpoint('it starts neither as a zip archive nor as a pickle nor as safetensors');
}

/** The header's JSON starts right after its length. */
function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === 0x7b;
}

function stateDictOf({ value, storages }: Checkpoint, fileSize: number): StateDict {
  const root = value instanceof Map ? value : new Map<Value, Value>();
  const named = [...wrappers.map((wrapper) => root.get(wrapper)), root]
    .map((candidate) => (candidate instanceof Map ? tensorsOf(candidate) : []))
    .find((tensors) => tensors.length > 0);
  if (!named)
    throw new PellucidError(
      'import/no-state-dict',
      `The checkpoint holds no tensors at its top or under ${wrappers.join(', ')}. Save model.state_dict() alone.`,
    );

  // Tensors may share a storage, and a small file could so claim to hold very many large ones.
  const elements = named.reduce((sum, [, tensor]) => sum + tensor.size, 0);
  if (elements > fileSize) throw notACheckpoint('its tensors overlap, and together are larger than the file');
  return new Map(
    named.map(([name, tensor]) => {
      const bytes = storages.get(tensor.storage.key);
      if (!bytes) throw notACheckpoint(`it lacks the storage of tensor ${JSON.stringify(name)}`);
      return [name, tensor.read(bytes)];
    }),
  );
}

function tensorsOf(dict: Map<Value, Value>): [string, StridedTensor][] {
  return [...dict].filter(
    (entry): entry is [string, StridedTensor] =>
      typeof entry[0] === 'string' && entry[1] instanceof StridedTensor,
  );
}

function withoutModule(stateDict: StateDict): StateDict {
  const prefix = 'module.';
  if (![...stateDict.keys()].every((name) => name.startsWith(prefix))) return stateDict;
  return new Map([...stateDict].map(([name, array]) => [name.slice(prefix.length), array]));
}
