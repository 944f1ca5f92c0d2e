import { fits, type Image, imagePairs } from './images.ts';
import { peakSignalToNoise } from './psnr.ts';
import { shareMetric } from './share.ts';
import { structuralSimilarity } from './ssim.ts';

/** From here on a 28 × 28 or 32 × 32 picture is recognised at a glance. */
const PSNR_THRESHOLD = 20;
const SSIM_THRESHOLD = 0.5;

/**
 * Attack success rate by PSNR. Papers choose τ as they like: the report draws the whole curve, this is
 * its point at 20 dB.
 */
export const psnrSuccess = shareMetric(
  {
    id: 'asr-psnr',
    version: 1,
    title: `Attack success: PSNR ≥ ${PSNR_THRESHOLD} dB`,
    unit: 'share',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source:
      'Share of probe images; Clopper–Pearson over images. MASER (2025) does not define its ASR',
  },
  (output, truth) =>
    share(imagePairs(output, truth), (a, b) => peakSignalToNoise(a, b) >= PSNR_THRESHOLD),
);

/** Attack success rate by SSIM. */
export const ssimSuccess = shareMetric(
  {
    id: 'asr-ssim',
    version: 1,
    title: `Attack success: SSIM ≥ ${SSIM_THRESHOLD}`,
    unit: 'share',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source: 'Share of probe images; Clopper–Pearson over images',
  },
  (output, truth) => {
    const pairs = imagePairs(output, truth);
    const small = pairs?.flat().some(({ original }) => !fits(structuralSimilarity, original));
    return small ? null : share(pairs, (a, b) => structuralSimilarity(a, b) >= SSIM_THRESHOLD);
  },
);

function share(
  pairs: ReturnType<typeof imagePairs>,
  succeeded: (original: Image, reconstruction: Image) => boolean,
) {
  if (!pairs) return null;
  const all = pairs.flat();
  const hits = all.filter(({ original, reconstruction }) => succeeded(original, reconstruction));
  return { hits: hits.length, n: all.length };
}
