import { join, untranspose } from '../rewrite.ts';
import type { StateDict } from '../state-dict.ts';

/** Uformer's official code projects queries apart from keys and values, and enlarges by transposed convolutions. */
export function adaptUformer(stateDict: StateDict): StateDict {
  let adapted = stateDict;
  for (const name of stateDict.keys()) {
    const [, qkv, part] = /^(.+\.attn\.qkv)\.to_q\.(weight|bias)$/.exec(name) ?? [];
    if (qkv) adapted = join(adapted, [name, `${qkv}.to_kv.${part}`], `${qkv}.${part}`);
    const [, deconv] = /^(upsample_\d+\.deconv\.0)\.weight$/.exec(name) ?? [];
    if (deconv) adapted = untranspose(adapted, deconv);
  }
  return adapted;
}
