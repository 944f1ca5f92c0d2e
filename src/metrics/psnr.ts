import { type Image, imageMetric } from './images.ts';
import { meanSquaredError } from './mse.ts';

/** Peak signal-to-noise ratio, dB, for pixels in [0, 1]; ∞ for identical images. */
export function peakSignalToNoise(original: Image, other: Image): number {
  return -10 * Math.log10(meanSquaredError(original, other));
}

export const psnr = imageMetric(
  {
    id: 'psnr',
    version: 1,
    title: 'Peak signal-to-noise ratio',
    unit: 'dB',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source: '10 · log10(1 / MSE), pixels clamped to [0, 1], per image, then mean',
  },
  peakSignalToNoise,
);
