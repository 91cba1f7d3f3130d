/** The released students, by task and size: where their safetensors files are, for `readModel` of `@pellucid/core`. */
export const models = {
  'denoise/small': new URL('./denoise/small/model.safetensors', import.meta.url),
  'derain/small': new URL('./derain/small/model.safetensors', import.meta.url),
  'derain/large': new URL('./derain/large/model.safetensors', import.meta.url),
  'deblur/small': new URL('./deblur/small/model.safetensors', import.meta.url),
  'jpeg/small': new URL('./jpeg/small/model.safetensors', import.meta.url),
  'jpeg/large': new URL('./jpeg/large/model.safetensors', import.meta.url),
  'sr2/small': new URL('./sr2/small/model.safetensors', import.meta.url),
  'sr2/upload': new URL('./sr2/upload/model.safetensors', import.meta.url),
  'sr2/tiny': new URL('./sr2/tiny/model.safetensors', import.meta.url),
  'sr4/small': new URL('./sr4/small/model.safetensors', import.meta.url),
  'sr4/upload': new URL('./sr4/upload/model.safetensors', import.meta.url),
  'sr4/large': new URL('./sr4/large/model.safetensors', import.meta.url),
} as const satisfies Record<string, URL>;

/** The name of a released student: its task, and how large it is or what it is for. */
export type ModelName = keyof typeof models;
