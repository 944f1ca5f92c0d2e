import { backend_util } from '@tensorflow/tfjs-core';

/** What tfjs's pooling kernels are called with. */
export interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Windows, strides and padding of a pooling of images NHWC. */
export function poolGeometry(shape: readonly number[], attributes: PoolAttributes) {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  return backend_util.computePool2DInfo(
    [...shape] as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
}

/** Whether every input lies in just one window. */
export function isTiled({ padInfo, ...geometry }: backend_util.Conv2DInfo): boolean {
  const { top, bottom, left, right } = padInfo;
  return (
    top + bottom + left + right === 0 &&
    geometry.strideHeight === geometry.filterHeight &&
    geometry.strideWidth === geometry.filterWidth &&
    geometry.outHeight * geometry.filterHeight === geometry.inHeight &&
    geometry.outWidth * geometry.filterWidth === geometry.inWidth
  );
}
