const SIDE = 256;
const CHANNELS = 8;
const REPEATS = 16;

/**
 * Milliseconds of a fixed 3x3 convolution in plain JavaScript: how fast this machine is just now, to divide a network's
 * time by. It takes about as long as a photograph does, so that whatever else the machine is doing slows both alike; it
 * uses nothing of this project, so that no change here moves it.
 */
export function yardstick(): number {
  const input = Float32Array.from({ length: SIDE * SIDE * CHANNELS }, (_, i) => (i % 251) / 251);
  const weights = Float32Array.from({ length: 9 * CHANNELS }, (_, i) => (i % 7) / 63);
  const output = new Float32Array(SIDE * SIDE);
  const start = performance.now();
  for (let repeat = 0; repeat < REPEATS; repeat++) convolve(input, weights, output);
  return performance.now() - start;
}

function convolve(input: Float32Array, weights: Float32Array, output: Float32Array): void {
  for (let y = 1; y < SIDE - 1; y++)
    for (let x = 1; x < SIDE - 1; x++) {
      let sum = 0;
      for (let tap = 0; tap < 9; tap++) {
        const from = ((y + Math.floor(tap / 3) - 1) * SIDE + x + (tap % 3) - 1) * CHANNELS;
        for (let channel = 0; channel < CHANNELS; channel++)
          sum += input[from + channel]! * weights[tap * CHANNELS + channel]!;
      }
      output[y * SIDE + x] = sum;
    }
}
