/** Restores a photograph that a visitor chooses, in the browser: nothing is sent anywhere. */
import { Restorer, readModel } from '@pellucid/core';
import kernels from '@pellucid/core/kernels/conv.wasm';
import relaxedKernels from '@pellucid/core/kernels/conv-relaxed.wasm';
import { startWasm } from '@pellucid/core/wasm';
import denoise from '@pellucid/models/denoise/small/model.safetensors';
import backend from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';

const [input, progress, canvas] = [
  document.querySelector('input')!,
  document.querySelector('progress')!,
  document.querySelector('canvas')!,
];

const ready = startWasm({ backend, kernels, relaxedKernels }).then(async () => {
  const weights = await (await fetch(denoise)).arrayBuffer();
  return new Restorer(readModel(new Uint8Array(weights)));
});

input.onchange = async () => {
  const bitmap = await createImageBitmap(input.files![0]!);
  const { width, height } = bitmap;
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d')!;
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);

  const restorer = await ready;
  const restored = await restorer.restore(
    { width, height, channels: 4, data },
    { onProgress: (done, total) => Object.assign(progress, { value: done, max: total }) },
  );
  context.putImageData(new ImageData(new Uint8ClampedArray(restored.data), width, height), 0, 0);
  document.title = 'Restored';
};
