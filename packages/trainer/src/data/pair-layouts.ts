/** How training sets of recorded pairs lie in folders, as their authors pack them. */

/** Files whose first capture groups agree are a pair; several degraded ones may share one clean one. */
export interface PairLayout {
  clean: RegExp;
  degraded: RegExp;
  /** Where what deconvolution made of a degraded one lies. */
  deconvolved?: (degraded: string) => string;
}

const training = String.raw`^(?:.*\/)?`;
const layout = (clean: string, degraded: string): PairLayout => ({
  clean: new RegExp(`${training}${clean}\\.\\w+$`, 'i'),
  degraded: new RegExp(`${training}${degraded}\\.\\w+$`, 'i'),
});

/** By the names that `data.pairs` takes. In the folder that a recipe names lies the set's training part, and no other. */
export const pairLayouts = {
  /** Any two folders of files named alike, such as `input` and `target`: Rain13K's, Test1200's and many others' packaging. */
  folders: layout(
    String.raw`(?:target|clean|gt|sharp|norain|hq|ground_truth)\/([^/]+)`,
    String.raw`(?:input|degraded|noisy|blur|rainy|lq|rainy_image)\/([^/]+)`,
  ),
  /** What scripts/shake-pairs.ts writes: several shakes of each photograph, each with what deconvolution makes of it. */
  deconvolved: {
    ...layout(String.raw`sharp\/(\d+)`, String.raw`blur\/(\d+)_\d+`),
    deconvolved: (degraded) => degraded.replace(/blur(?=\/[^/]+$)/, 'deconvolved'),
  },
  /** Fu et al., CVPR 2017: fourteen rains over each clean photograph, `rainy_image/7_1.jpg` over `ground_truth/7.jpg`. */
  Rain1400: layout(String.raw`ground_truth\/(\d+)`, String.raw`rainy_image\/(\d+)_\d+`),
  /** Zhang and Patel, CVPR 2018, in its later packaging of `input` and `target`. */
  Test1200: layout(String.raw`target\/([^/]+)`, String.raw`input\/([^/]+)`),
  /** Nah et al., CVPR 2017: `SCENE/blur/000001.png` and `SCENE/sharp/000001.png`. */
  GoPro: layout(String.raw`(\w+\/)sharp\/([^/]+)`, String.raw`(\w+\/)blur\/([^/]+)`),
  /** Shen et al., ICCV 2019: `train/NAME.png` and `GT/NAME.png`. */
  HIDE: layout(String.raw`GT\/([^/]+)`, String.raw`train\/([^/]+)`),
  /** Abdelhamed et al., CVPR 2018: `SCENE/0001_NOISY_SRGB_010.PNG` and `SCENE/0001_GT_SRGB_010.PNG`. */
  SIDD: layout(String.raw`([^/]+\/)(\w+)_GT_SRGB_(\d+)`, String.raw`([^/]+\/)(\w+)_NOISY_SRGB_(\d+)`),
} satisfies Record<string, PairLayout>;

export type PairLayoutName = keyof typeof pairLayouts;

export interface FoundPairs {
  pairs: { clean: string; degraded: string; deconvolved?: string }[];
  /** Files that lack the other half, and what is missing. */
  unpaired: { file: string; reason: string }[];
}

/** What a file's name says which others it belongs to by; undefined where it does not fit the pattern. */
export function keyOf(file: string, pattern: RegExp): string | undefined {
  return pattern.exec(file)?.slice(1).filter(Boolean).join('');
}

/**
 * Which files belong together, by their paths with `/` between parts, in the order of the degraded ones. Where a layout has
 * deconvolved ones, each pair must have one.
 */
export function pairFiles(
  files: readonly string[],
  { clean, degraded, deconvolved }: PairLayout,
): FoundPairs {
  const keyed = (pattern: RegExp) =>
    files.flatMap((file) => {
      const key = keyOf(file, pattern);
      return key === undefined ? [] : [{ key, file }];
    });
  const originals = new Map(keyed(clean).map(({ key, file }) => [key, file]));
  const copies = keyed(degraded);
  const used = new Set(copies.map(({ key }) => key));
  const all = new Set(files);
  const lacking = ({ file }: { file: string }) => deconvolved && !all.has(deconvolved(file));
  const pairs = copies.flatMap((copy) => {
    const partner = originals.get(copy.key);
    if (partner === undefined || lacking(copy)) return [];
    const { file } = copy;
    return [{ clean: partner, degraded: file, ...(deconvolved && { deconvolved: deconvolved(file) }) }];
  });
  const unpaired = [
    ...copies
      .filter(({ key }) => !originals.has(key))
      .map(({ key, file }) => ({ file, reason: `there is no clean file "${key}" to compare it with` })),
    ...copies
      .filter(lacking)
      .map(({ file }) => ({ file, reason: `there is no file ${deconvolved!(file)} that goes with it` })),
    ...[...originals]
      .filter(([key]) => !used.has(key))
      .map(([key, file]) => ({ file, reason: `there is no degraded file "${key}" that belongs to it` })),
  ];
  return { pairs, unpaired };
}
