import { type Image, imageMetric } from './images.ts';
import { meanSquaredError } from './mse.ts';

/** Peak signal-to-noise ratio, dB, for pixels in [0, 1]; ∞ for identical images. */
export function peakSignalToNoise(original: Image, other: Image): number {
  return -10 * Math.log10(meanSquaredError(original, other));
}

/**
 * PSNR of an image and itself rounded to 8 bits, 58.9 dB: an error of half a gray level at most,
 * uniform, so 1/(12 · 255²) in the mean square. Nobody sees what lies beyond it. Uncut, a mean would
 * be that of the digits of float32: 155 dB against 158, or one exact image outweighing five bad ones.
 */
const INDISTINGUISHABLE = 10 * Math.log10(12 * 255 ** 2);

export const psnr = imageMetric(
  {
    id: 'psnr',
    version: 2,
    title: 'Peak signal-to-noise ratio',
    unit: 'dB',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source:
      '10 · log10(1 / MSE), pixels clamped to [0, 1], per image, at most 58.9 (the rounding error of 8-bit pixels), then mean',
  },
  (original, other) => Math.min(INDISTINGUISHABLE, peakSignalToNoise(original, other)),
);
