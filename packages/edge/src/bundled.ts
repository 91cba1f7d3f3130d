import denoiseSmall from '../../../models/denoise/small/model.safetensors';

/**
 * The released networks that are served, by the task a request names. This is the one list of them. In the Worker each
 * is the file's bytes; in the page, which can run them too, its address.
 */
export const BUNDLED = { denoise: denoiseSmall } as const;
