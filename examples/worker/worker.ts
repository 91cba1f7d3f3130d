/**
 * A Worker that takes the noise out of JPEG photographs.
 *
 *     npx wrangler dev --config worker/wrangler.jsonc
 *     curl --data-binary @noisy.jpg http://localhost:8787 -o clean.jpg
 *
 * It trusts whoever calls it: packages/edge is the same for the open internet.
 */
import decoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import encoder from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm';
import decode, { init as initDecode } from '@jsquash/jpeg/decode.js';
import encode, { init as initEncode } from '@jsquash/jpeg/encode.js';
import { Restorer, readModel } from '@pellucid/core';
import { startWasm } from '@pellucid/core/wasm';
import denoise from '@pellucid/models/denoise/small/model.safetensors';

let ready: Promise<Restorer> | undefined;

async function start(): Promise<Restorer> {
  await Promise.all([startWasm(), initDecode(decoder), initEncode(encoder)]);
  // An isolate has 128 MB in all: 10 MiB for the feature maps of one tile leave room for the photograph.
  return new Restorer(readModel(new Uint8Array(denoise)), { memory: 10 * 2 ** 20 });
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method !== 'POST')
      return new Response('POST a JPEG.\n', { status: 405, headers: { Allow: 'POST' } });
    ready ??= start();
    const restorer = await ready;
    const { width, height, data } = await decode(await request.arrayBuffer());
    const restored = await restorer.restore({ width, height, channels: 4, data }, { signal: request.signal });
    const image = {
      width,
      height,
      data: new Uint8ClampedArray(restored.data),
      colorSpace: 'srgb',
    } as ImageData;
    return new Response(await encode(image, { quality: 90 }), { headers: { 'Content-Type': 'image/jpeg' } });
  },
};
