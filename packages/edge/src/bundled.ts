import deblurSmall from '../../../models/deblur/small/model.safetensors';
import denoiseSmall from '../../../models/denoise/small/model.safetensors';
import derainSmall from '../../../models/derain/small/model.safetensors';
import jpegSmall from '../../../models/jpeg/small/model.safetensors';
import sr2Small from '../../../models/sr2/small/model.safetensors';
import sr2Upload from '../../../models/sr2/upload/model.safetensors';
import sr4Small from '../../../models/sr4/small/model.safetensors';
import sr4Upload from '../../../models/sr4/upload/model.safetensors';

/**
 * The released networks that are served, by the task a request names. This is the one list of them. In the Worker each
 * is the file's bytes; in the page, which can run them too, its address.
 */
export const BUNDLED = {
  denoise: denoiseSmall,
  derain: derainSmall,
  deblur: deblurSmall,
  jpeg: jpegSmall,
  sr2: sr2Small,
  sr4: sr4Small,
  'sr2/upload': sr2Upload,
  'sr4/upload': sr4Upload,
} as const;
