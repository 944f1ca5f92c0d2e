import { ssim as ssimJs } from 'ssim.js';
import { clampPixel, type Image, imageMetric } from './images.ts';

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
export function structuralSimilarity(original: Image, other: Image): number {
  if (original.width < WINDOW || original.height < WINDOW)
    throw new RangeError(
      `SSIM needs images of at least ${WINDOW} × ${WINDOW} pixels, not ${original.width} × ${original.height}`,
    );
  let sum = 0;
  for (let channel = 0; channel < original.channels; channel++)
    sum += ssimJs(channelAsGray(original, channel), channelAsGray(other, channel), {
      ssim: 'fast',
      downsample: false,
    }).mssim;
  return sum / original.channels;
}

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
  (original, other) =>
    Math.min(original.width, original.height) < WINDOW
      ? null
      : structuralSimilarity(original, other),
);

/** One channel as the 8-bit RGBA picture the library reads; equal R, G, B survive its gray mix. */
function channelAsGray({ width, height, channels, pixels }: Image, channel: number) {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    const gray = Math.round(clampPixel(pixels[at * channels + channel] as number) * 255);
    data.fill(gray, at * 4, at * 4 + 3);
    data[at * 4 + 3] = 255;
  }
  return { width, height, data };
}
