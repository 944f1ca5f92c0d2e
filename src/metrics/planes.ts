import { clampPixel, type Image } from './images.ts';

/** One channel of an image: rows of numbers. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/** One channel as 8-bit gray levels, 0 … 255, as published image metrics take them. */
export function grayLevels({ width, height, channels, pixels }: Image, channel: number): Plane {
  const values = new Float64Array(width * height);
  for (let at = 0; at < values.length; at++)
    values[at] = Math.round(clampPixel(pixels[at * channels + channel] as number) * 255);
  return { width, height, values };
}

/** One channel as the 8-bit RGBA picture image libraries read; equal R, G, B survive a gray mix. */
export function channelAsRgba(image: Image, channel: number) {
  const { width, height, values } = grayLevels(image, channel);
  const data = new Uint8ClampedArray(4 * values.length);
  values.forEach((gray, at) => {
    data.fill(gray, 4 * at, 4 * at + 3);
    data[4 * at + 3] = 255;
  });
  return { width, height, data };
}

/** Mean over channels of a measure of two planes. */
export function meanOverChannels(channels: number, measure: (channel: number) => number): number {
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) sum += measure(channel);
  return sum / channels;
}

/** One row of a separable Gaussian window, sum 1. */
export function gaussian(window: number, sigma: number): Float64Array {
  const center = (window - 1) / 2;
  const row = Float64Array.from({ length: window }, (_, at) =>
    Math.exp(-((at - center) ** 2) / (2 * sigma * sigma)),
  );
  const sum = row.reduce((total, value) => total + value, 0);
  return row.map((value) => value / sum);
}

/** Filtered by a separable window, where the whole window lies inside the plane. */
export function filterInside({ width, height, values }: Plane, row: Float64Array): Plane {
  const across = width - row.length + 1;
  const down = height - row.length + 1;
  const rows = new Float64Array(across * height);
  for (let at = 0; at < rows.length; at++) {
    const from = Math.floor(at / across) * width + (at % across);
    rows[at] = dot(row, values, from, 1);
  }
  const filtered = new Float64Array(across * down);
  for (let at = 0; at < filtered.length; at++) filtered[at] = dot(row, rows, at, across);
  return { width: across, height: down, values: filtered };
}

function dot(row: Float64Array, values: Float64Array, from: number, stride: number): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++)
    sum += (row[i] as number) * (values[from + i * stride] as number);
  return sum;
}

/** Every second row and column, from the first on. */
export function everySecond({ width, height, values }: Plane): Plane {
  const [across, down] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const kept = Float64Array.from(
    { length: across * down },
    (_, at) => values[2 * Math.floor(at / across) * width + 2 * (at % across)] as number,
  );
  return { width: across, height: down, values: kept };
}

/** Means, variances and covariance of two planes in every window that lies inside them. */
export interface LocalMoments {
  readonly meanX: Float64Array;
  readonly meanY: Float64Array;
  readonly varianceX: Float64Array;
  readonly varianceY: Float64Array;
  readonly covariance: Float64Array;
}

/** @param row of the separable window */
export function localMoments(x: Plane, y: Plane, row: Float64Array): LocalMoments {
  const [meanX, meanY] = [filterInside(x, row).values, filterInside(y, row).values];
  const central = (a: Plane, b: Plane, meanA: Float64Array, meanB: Float64Array) =>
    filterInside(productOf(a, b), row).values.map(
      (mean, at) => mean - (meanA[at] as number) * (meanB[at] as number),
    );
  return {
    ...{ meanX, meanY },
    varianceX: central(x, x, meanX, meanX),
    varianceY: central(y, y, meanY, meanY),
    covariance: central(x, y, meanX, meanY),
  };
}

function productOf(a: Plane, b: Plane): Plane {
  return { ...a, values: a.values.map((value, at) => value * (b.values[at] as number)) };
}
