import { imageMetric, windowedMeasure } from './images.ts';
import { grayLevels, meanOverChannels, type Plane } from './planes.ts';

/** Side of the sliding window. */
const WINDOW = 8;

/**
 * Universal quality index: mean over all 8 × 8 windows inside the image, then over channels, on 8-bit
 * gray levels. A window without variance in either image scores 2 x̄ȳ / (x̄² + ȳ²), and 1 where both
 * are black.
 *
 * Source: Wang and Bovik 2002. The index of a common Python package mixes means with sums and is
 * another number.
 * @throws {RangeError} for images under 8 pixels.
 */
export const universalQuality = windowedMeasure('UQI', WINDOW, (original, other) =>
  meanOverChannels(original.channels, (channel) =>
    qualityOfPlanes(grayLevels(original, channel), grayLevels(other, channel)),
  ),
);

export const uqi = imageMetric(
  {
    id: 'uqi',
    version: 1,
    title: 'Universal quality index',
    unit: '',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source:
      'Wang and Bovik 2002, 8 × 8 windows, 8-bit pixels, per image, then mean. Noise can score high: read it beside its baselines',
  },
  universalQuality,
);

function qualityOfPlanes(x: Plane, y: Plane): number {
  const { width, height } = x;
  const windows = (a: Float64Array, b?: Float64Array) =>
    windowSums(b ? a.map((value, at) => value * (b[at] as number)) : a, width, height);
  const [sx, sy] = [windows(x.values), windows(y.values)];
  const [sxx, syy] = [windows(x.values, x.values), windows(y.values, y.values)];
  const sxy = windows(x.values, y.values);
  const n = WINDOW * WINDOW;
  let total = 0;
  // Sums of 8-bit integers are exact, so that "no variance" is an equality.
  for (let at = 0; at < sx.length; at++) {
    const [a, b] = [sx[at] as number, sy[at] as number];
    const means = a * a + b * b;
    const variances = n * (sxx[at] as number) - a * a + n * (syy[at] as number) - b * b;
    const covariance = n * (sxy[at] as number) - a * b;
    if (means === 0) total += 1;
    else if (variances === 0) total += (2 * a * b) / means;
    else total += (4 * covariance * a * b) / (variances * means);
  }
  return total / sx.length;
}

/** Sums over every window inside the plane, by an integral image. */
function windowSums(values: Float64Array, width: number, height: number): Float64Array {
  const stride = width + 1;
  const integral = new Float64Array(stride * (height + 1));
  for (let row = 0; row < height; row++) {
    let sum = 0;
    for (let column = 0; column < width; column++) {
      sum += values[row * width + column] as number;
      integral[(row + 1) * stride + column + 1] =
        (integral[row * stride + column + 1] as number) + sum;
    }
  }
  const [across, down] = [width - WINDOW + 1, height - WINDOW + 1];
  const at = (row: number, column: number) => integral[row * stride + column] as number;
  return Float64Array.from({ length: across * down }, (_, index) => {
    const [row, column] = [Math.floor(index / across), index % across];
    return (
      at(row + WINDOW, column + WINDOW) -
      at(row, column + WINDOW) -
      at(row + WINDOW, column) +
      at(row, column)
    );
  });
}
