import { clampPixel, type Image, imageMetric } from './images.ts';

/** Mean squared error over pixels and channels, pixels in [0, 1]. */
export function meanSquaredError(original: Image, other: Image): number {
  let sum = 0;
  for (let at = 0; at < original.pixels.length; at++) {
    const difference =
      clampPixel(original.pixels[at] as number) - clampPixel(other.pixels[at] as number);
    sum += difference * difference;
  }
  return sum / original.pixels.length;
}

export const mse = imageMetric(
  {
    id: 'mse',
    version: 1,
    title: 'Mean squared error',
    unit: '',
    kind: 'reconstruction',
    higherMeansMoreLeakage: false,
    source: 'Pixels in [0, 1], per image, then mean',
  },
  meanSquaredError,
);
