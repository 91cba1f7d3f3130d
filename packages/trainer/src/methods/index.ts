import { z } from 'zod';
import { logits } from './logits.ts';
import type { Method } from './method.ts';
import { scratch } from './scratch.ts';

export type { Batch, Loss, Method, Network } from './method.ts';

/** The settings of any method, told apart by `kind`. */
export const methodConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scratch') }),
  z.strictObject({ kind: z.literal('logits'), weight: z.number().nonnegative().default(1) }),
]);

export type MethodConfig = z.infer<typeof methodConfig>;

export function methodOf(config: MethodConfig): Method {
  switch (config.kind) {
    case 'scratch':
      return scratch();
    case 'logits':
      return logits(config);
  }
}
