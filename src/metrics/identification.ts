import { clampPixel, imagePairs } from './images.ts';
import { shareMetric } from './share.ts';

/**
 * Image identifiability: whether, among the image itself and 99 others of the same data set that
 * nobody trained on, the image itself is the one nearest to the reconstruction (squared error). A
 * reconstruction can be too poor to look at and still tell which record was used.
 *
 * Source: Yin et al. 2021 (GradInversion), image identifiability precision, with distractors instead
 * of the whole training set; chance is 1 in the number of images to choose from.
 */
export const identification = shareMetric(
  {
    id: 'identification',
    version: 1,
    title: 'Image identified',
    unit: 'share',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source:
      'Yin et al. 2021 (image identifiability precision), nearest of the image and its distractors by squared error; Clopper–Pearson over images',
  },
  (output, truth) => {
    const pairs = imagePairs(output, truth);
    const { distractors } = truth;
    if (!pairs || distractors.length === 0) return null;
    const all = pairs.flat();
    const hits = all.filter(({ original, reconstruction: { pixels } }) => {
      const own = squaredDistance(pixels, original.pixels, 0);
      for (let first = 0; first < distractors.length; first += pixels.length)
        if (squaredDistance(pixels, distractors, first) <= own) return false;
      return true;
    });
    const size = all[0]?.original.pixels.length ?? 1;
    const chance = 1 / (1 + distractors.length / size);
    return { hits: hits.length, n: all.length, baselines: { chance } };
  },
);

function squaredDistance(image: Float32Array, among: Float32Array, first: number): number {
  let sum = 0;
  for (let at = 0; at < image.length; at++)
    sum += (clampPixel(image[at] as number) - (among[first + at] as number)) ** 2;
  return sum;
}
