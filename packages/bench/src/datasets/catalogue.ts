/**
 * The test sets that the literature on restoration measures on, each with its protocol. Layouts are those of the
 * authors' own archives; the later packaging that many people know (`input` and `target`) is read too.
 */
import { Protocol, type Task } from './protocol.ts';

/** Photographs in the folder itself, or in the one that archives put the originals in. */
const originals = /^(?:(?:HR|GTmod12|original|original_png)\/)?([^/]+)\.\w+$/;

/** Rain: the number in a file's name says which belong together. */
const numberedRain = {
  clean: /^(?:norain|target)\/(?:norain-)?0*(\d+)\.\w+$/,
  degraded: /^(?:rainy|input)\/(?:rain-)?0*(\d+)(?:x2)?\.\w+$/,
};
/** A scene's folder and a frame's number, as in GoPro's own archive. */
const scenes = {
  clean: /^(?:test\/)?(\w+\/)?(?:sharp|target)\/([^/]+)\.\w+$/,
  degraded: /^(?:test\/)?(\w+\/)?(?:blur|input)\/([^/]+)\.\w+$/,
};

const sr = { tasks: ['sr'], channel: 'Y', crop: 0, clean: originals } as const;
const denoise = { tasks: ['denoise'], channel: 'RGB', crop: 0, clean: originals } as const;
const derain = { tasks: ['derain'], channel: 'Y8', crop: 0, ...numberedRain } as const;
const deblur = { tasks: ['deblur'], channel: 'RGB', crop: 0, ...scenes } as const;
const camera = { tasks: ['denoise'], channel: 'RGB', crop: 0 } as const;
const urban = { ...denoise, tasks: ['sr', 'denoise'], source: 'Huang et al., CVPR 2015' } as const;

/** In the order in which sets are asked for: the first that is there of each task is what a bench measures by itself. */
export const catalogue: readonly Protocol[] = [
  {
    ...denoise,
    folder: 'CBSD68',
    name: 'CBSD68',
    tasks: ['denoise', 'deblur'],
    count: 68,
    source: 'Martin et al., ICCV 2001',
  },
  { ...denoise, folder: 'Kodak24', name: 'Kodak24', count: 24, source: 'Franzen, Kodak lossless true color' },
  { ...denoise, folder: 'McMaster', name: 'McMaster', count: 18, source: 'Zhang et al., JEI 2011' },

  { ...sr, folder: 'Set5', name: 'Set5', count: 5, source: 'Bevilacqua et al., BMVC 2012' },
  {
    ...sr,
    folder: 'Set14',
    name: 'Set14',
    tasks: ['sr', 'jpeg'],
    count: 14,
    source: 'Zeyde et al., Curves and Surfaces 2010',
  },
  {
    ...sr,
    folder: 'BSD100',
    name: 'BSD100',
    tasks: ['sr', 'jpeg'],
    count: 100,
    source: 'Martin et al., ICCV 2001',
  },
  { ...urban, folder: 'Urban100', name: 'Urban100', count: 100 },
  { ...urban, folder: 'Urban100_subset20', name: 'Urban100 (every fifth, 20 of 100)', count: 20 },

  { ...derain, folder: 'Rain100L', name: 'Rain100L', count: 100, source: 'Yang et al., CVPR 2017' },
  { ...derain, folder: 'Rain100H', name: 'Rain100H', count: 100, source: 'Yang et al., CVPR 2017' },
  {
    ...derain,
    folder: 'Rain100H_subset20',
    name: 'Rain100H (every fifth, 20 of 100)',
    count: 20,
    source: 'Yang et al., CVPR 2017',
  },
  {
    ...derain,
    folder: 'Rain1400',
    name: 'Rain1400',
    count: 1400,
    // Fourteen rains over each of a hundred clean photographs: 901_1.jpg .. 901_14.jpg belong to 901.jpg.
    clean: /^(?:testing\/)?(?:ground_truth|target)\/(\d+)\.\w+$/,
    degraded: /^(?:testing\/)?(?:rainy_image|input)\/(\d+)_\d+\.\w+$/,
    source: 'Fu et al., CVPR 2017',
  },
  { ...derain, folder: 'Test1200', name: 'Test1200', count: 1200, source: 'Zhang and Patel, CVPR 2018' },

  { ...deblur, folder: 'GoPro', name: 'GoPro', count: 1111, source: 'Nah et al., CVPR 2017' },
  {
    ...deblur,
    folder: 'GoPro_official2',
    name: 'GoPro (2 of 1111)',
    count: 2,
    source: 'Nah et al., CVPR 2017',
  },
  {
    ...deblur,
    folder: 'HIDE',
    name: 'HIDE',
    count: 2025,
    clean: /^(?:test\/)?(?:GT|target)\/([^/]+)\.\w+$/,
    degraded: /^(?:test\/)?(?:test-close-ups|test-long-shot|input)\/([^/]+)\.\w+$/,
    source: 'Shen et al., ICCV 2019',
  },

  {
    ...camera,
    folder: 'SIDD',
    name: 'SIDD validation',
    count: 1280,
    // The validation blocks as images, which is how NAFNet's and Restormer's scripts unpack them.
    clean: /^(?:val\/)?(?:gt_crops|target)\/([^/]+)\.\w+$/,
    degraded: /^(?:val\/)?(?:input_crops|input)\/([^/]+)\.\w+$/,
    source: 'Abdelhamed et al., CVPR 2018',
  },
  {
    ...camera,
    folder: 'PolyU',
    name: 'PolyU',
    count: 100,
    clean: /^(?:CroppedImages\/)?(.+)_mean\.\w+$/,
    degraded: /^(?:CroppedImages\/)?(.+)_real\.\w+$/,
    source: 'Xu et al., arXiv 1804.02603',
  },
  {
    ...camera,
    folder: 'CC',
    name: 'CC',
    count: 15,
    clean: /^(?:mean\/)?([^/]+)_mean\.\w+$/,
    degraded: /^(?:real\/)?([^/]+)_real\.\w+$/,
    source: 'Nam et al., CVPR 2016',
  },
].map((entry) => Protocol.parse(entry));

/** The protocol of pairs in a folder of one's own: names that agree up to the ending belong together. */
export function pairsProtocol(folder: string, task: Task, count: number): Protocol {
  return Protocol.parse({
    name: folder,
    folder,
    tasks: [task],
    count,
    channel: task === 'derain' ? 'Y8' : 'RGB',
    crop: 0,
    clean: /^(?:target|clean|gt|sharp|norain|hq)\/(.+)\.\w+$/i,
    degraded: /^(?:input|degraded|noisy|blur|rainy|lq)\/(.+)\.\w+$/i,
    source: 'a folder of pairs',
  });
}

/** The protocol of clean photographs in a folder of one's own, nested as it may be. */
export function originalsProtocol(folder: string, task: Task, count: number): Protocol {
  return Protocol.parse({
    ...(task === 'sr' ? sr : denoise),
    name: folder,
    folder,
    tasks: [task],
    count,
    clean: /^(.+)\.\w+$/,
    source: 'a folder of photographs',
  });
}
