export type { MetricOptions } from './planes.ts';
export { psnr } from './psnr.ts';
export { ssim } from './ssim.ts';
