import { ssim as ssimJs } from 'ssim.js';
import { imageMetric, windowedMeasure } from './images.ts';
import { channelAsRgba, meanOverChannels } from './planes.ts';

/** The Gaussian window is 11 pixels wide; a smaller image has no valid window. */
const WINDOW = 11;

/**
 * Structural similarity, mean over channels: Gaussian window 11 × 11, σ 1.5, K1 .01, K2 .03, 8-bit
 * pixels, windows inside the image only.
 *
 * Source: Wang et al. 2004. Computed by `ssim.js` with `ssim: 'fast', downsample: false`: its default
 * is a box window over a downsampled image, another number.
 * @throws {RangeError} for images under 11 pixels (the library would return NaN).
 */
export const structuralSimilarity = windowedMeasure('SSIM', WINDOW, (original, other) =>
  meanOverChannels(
    original.channels,
    (channel) =>
      ssimJs(channelAsRgba(original, channel), channelAsRgba(other, channel), {
        ssim: 'fast',
        downsample: false,
      }).mssim,
  ),
);

export const ssim = imageMetric(
  {
    id: 'ssim',
    version: 1,
    title: 'Structural similarity',
    unit: '',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source: 'Wang et al. 2004, Gaussian 11 × 11 σ 1.5, 8-bit pixels, per image, then mean',
  },
  structuralSimilarity,
);
