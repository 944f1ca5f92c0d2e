import { imageMetric, windowedMeasure } from './images.ts';
import {
  everySecond,
  gaussian,
  grayLevels,
  localMoments,
  meanOverChannels,
  type Plane,
} from './planes.ts';

/** Exponents of the five published scales. */
const EXPONENTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
const WINDOW = gaussian(11, 1.5);
/** From here on the window fits at two scales; with one it would be SSIM. */
const SMALLEST_SIDE = 2 * WINDOW.length - 1;
/** K1 = .01 and K2 = .03 of the range 255. */
const [C1, C2] = [2.55 ** 2, 7.65 ** 2];

/** Number of scales at which the window still fits: 2 for 28 and 32 pixels; five need 161. */
export function multiScaleLevels(width: number, height: number): number {
  let levels = 0;
  for (let side = Math.min(width, height); side >= WINDOW.length; side = Math.ceil(side / 2))
    levels++;
  return Math.min(levels, EXPONENTS.length);
}

/**
 * Multi-scale structural similarity, mean over channels, 8-bit pixels. With fewer than five scales the
 * first exponents are used, scaled to the sum 1. A negative contrast or structure term (an inverted
 * image) has no real power; it counts as 0.
 *
 * Source: Wang, Simoncelli and Bovik 2003.
 * @throws {RangeError} for images without room for two scales (under 21 pixels).
 */
export const multiScaleSimilarity = windowedMeasure('MS-SSIM', SMALLEST_SIDE, (original, other) => {
  const levels = multiScaleLevels(original.width, original.height);
  return meanOverChannels(original.channels, (channel) =>
    similarityOfPlanes(grayLevels(original, channel), grayLevels(other, channel), levels),
  );
});

export const msSsim = imageMetric(
  {
    id: 'ms-ssim',
    version: 1,
    title: 'Multi-scale structural similarity',
    unit: '',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source:
      'Wang, Simoncelli and Bovik 2003, over as many of its 5 scales as fit (2 for 28 and 32 pixels), per image, then mean',
  },
  multiScaleSimilarity,
);

function similarityOfPlanes(original: Plane, other: Plane, levels: number): number {
  const exponents = EXPONENTS.slice(0, levels);
  const total = exponents.reduce((sum, exponent) => sum + exponent, 0);
  let [x, y] = [original, other];
  let product = 1;
  exponents.forEach((exponent, at) => {
    const { similarity, contrast } = comparePlanes(x, y);
    const last = at === levels - 1;
    product *= Math.max(0, last ? similarity : contrast) ** (exponent / total);
    if (!last) [x, y] = [halved(x), halved(y)];
  });
  return product;
}

/** Mean SSIM, and mean of its contrast-structure term alone. */
function comparePlanes(x: Plane, y: Plane): { similarity: number; contrast: number } {
  const { meanX, meanY, varianceX, varianceY, covariance } = localMoments(x, y, WINDOW);
  let similarity = 0;
  let contrast = 0;
  for (let at = 0; at < meanX.length; at++) {
    const [mx, my] = [meanX[at] as number, meanY[at] as number];
    const variances = (varianceX[at] as number) + (varianceY[at] as number);
    const structure = (2 * (covariance[at] as number) + C2) / (variances + C2);
    contrast += structure;
    similarity += structure * ((2 * mx * my + C1) / (mx * mx + my * my + C1));
  }
  return { similarity: similarity / meanX.length, contrast: contrast / meanX.length };
}

/** Low-passed by a 2 × 2 mean, mirrored at the first row and column, then every second pixel. */
function halved({ width, height, values }: Plane): Plane {
  const at = (row: number, column: number) =>
    values[Math.max(0, row) * width + Math.max(0, column)] as number;
  const smooth = Float64Array.from(values, (value, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    return (value + at(row - 1, column) + at(row, column - 1) + at(row - 1, column - 1)) / 4;
  });
  return everySecond({ width, height, values: smooth });
}
