import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Spreads each dy evenly over its window (zeros of the padding included in the window's size). */
export function avgPoolGrad(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: PoolAttributes,
): TensorInfo {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const info = geometry(input, attributes);
  const dx = heap.allocate(input.shape);
  const to = heap.floats(dx).fill(0);
  const from = heap.floats(dy);
  const share = 1 / (info.filterHeight * info.filterWidth);
  const { inWidth, inChannels } = info;
  let read = 0;
  for (const window of windows(info)) {
    for (let row = window.top; row < window.bottom; row++)
      for (let column = window.left; column < window.right; column++) {
        const write = window.image + (row * inWidth + column) * inChannels;
        for (let channel = 0; channel < inChannels; channel++)
          to[write + channel] =
            (to[write + channel] as number) + (from[read + channel] as number) * share;
      }
    read += inChannels;
  }
  return dx;
}

/** Gives each dy to the first maximum of its window. */
export function maxPoolGrad(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: PoolAttributes,
): TensorInfo {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const dx = heap.allocate(input.shape);
  const to = heap.floats(dx).fill(0);
  const from = heap.floats(dy);
  const winner = winners(heap.floats(input), geometry(input, attributes));
  for (let at = 0; at < from.length; at++) {
    const write = winner[at] as number;
    to[write] = (to[write] as number) + (from[at] as number);
  }
  return dx;
}

/** Maxima, and their flat indices in x (in their image of x, unless the batch is included). */
export function maxPoolWithArgmax(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: PoolAttributes & { readonly includeBatchInIndex: boolean },
): TensorInfo[] {
  const { x } = inputs as { x: TensorInfo };
  const info = geometry(x, attributes);
  const result = heap.allocate(info.outShape);
  const indexes = heap.allocate(info.outShape, 'int32');
  const from = heap.floats(x);
  const winner = winners(from, info);
  const maxima = heap.floats(result);
  const found = heap.integers(indexes);
  const imageSize = info.inHeight * info.inWidth * info.inChannels;
  for (let at = 0; at < winner.length; at++) {
    const index = winner[at] as number;
    maxima[at] = from[index] as number;
    found[at] = attributes.includeBatchInIndex ? index : index % imageSize;
  }
  return [result, indexes];
}

function geometry(x: TensorInfo, attributes: PoolAttributes): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const shape = x.shape as [number, number, number, number];
  return backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

interface Window {
  /** Offset of the window's image in the flat input. */
  image: number;
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** The windows in output order, clipped to the image; one object, changed in place. */
function* windows(info: backend_util.Conv2DInfo): Generator<Window> {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const window = { image: 0, top: 0, bottom: 0, left: 0, right: 0 };
  for (let image = 0; image < info.batchSize; image++) {
    window.image = image * inHeight * inWidth * inChannels;
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - padInfo.top;
      window.top = Math.max(0, top);
      window.bottom = Math.min(inHeight, top + info.filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * info.strideWidth - padInfo.left;
        window.left = Math.max(0, left);
        window.right = Math.min(inWidth, left + info.filterWidth);
        yield window;
      }
    }
  }
}

/** Flat input index of the first maximum of every window and channel. */
function winners(x: Float32Array, info: backend_util.Conv2DInfo): Int32Array {
  const { inWidth, inChannels } = info;
  const winner = new Int32Array(info.batchSize * info.outHeight * info.outWidth * inChannels);
  let write = 0;
  for (const { image, top, bottom, left, right } of windows(info)) {
    const first = image + (top * inWidth + left) * inChannels;
    for (let channel = 0; channel < inChannels; channel++) {
      let best = first + channel;
      let maximum = x[best] as number;
      for (let row = top; row < bottom; row++) {
        let at = image + (row * inWidth + left) * inChannels + channel;
        for (let column = left; column < right; column++, at += inChannels) {
          const value = x[at] as number;
          if (value > maximum) {
            maximum = value;
            best = at;
          }
        }
      }
      winner[write++] = best;
    }
  }
  return winner;
}
