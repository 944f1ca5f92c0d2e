import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { type PoolAttributes, poolGeometry } from '../pool-geometry.ts';
import type { Heap } from './heap.ts';

/** Spreads each dy evenly over its window (zeros of the padding included in the window's size). */
export function avgPoolGrad(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: PoolAttributes,
): TensorInfo {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const info = poolGeometry(input.shape, attributes);
  const dx = heap.allocate(input.shape);
  const to = heap.floats(dx).fill(0);
  const from = heap.floats(dy);
  const share = 1 / (info.filterHeight * info.filterWidth);
  const { inWidth, inChannels } = info;
  let read = 0;
  forEachWindow(info, (image, top, bottom, left, right) => {
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const pixel = image + (row * inWidth + column) * inChannels;
        for (let channel = 0; channel < inChannels; channel++)
          to[pixel + channel] =
            (to[pixel + channel] as number) + (from[read + channel] as number) * share;
      }
    read += inChannels;
  });
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
  const winner = winners(heap.floats(input), poolGeometry(input.shape, attributes));
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
  const info = poolGeometry(x.shape, attributes);
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

/** Takes one window, clipped to its image: [top, bottom) × [left, right); `image` is an offset. */
type WindowVisitor = (
  image: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
) => void;

/** Visits the windows in output order. */
function forEachWindow(info: backend_util.Conv2DInfo, visit: WindowVisitor): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
  for (let index = 0; index < info.batchSize; index++) {
    const image = index * inHeight * inWidth * inChannels;
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padInfo.top;
      const bottom = Math.min(inHeight, top + filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left;
        visit(
          image,
          Math.max(0, top),
          bottom,
          Math.max(0, left),
          Math.min(inWidth, left + filterWidth),
        );
      }
    }
  }
}

/** Flat input index of the first maximum of every window and channel. */
function winners(x: Float32Array, info: backend_util.Conv2DInfo): Int32Array {
  const { inWidth, inChannels } = info;
  const winner = new Int32Array(info.batchSize * info.outHeight * info.outWidth * inChannels);
  let write = 0;
  forEachWindow(info, (image, top, bottom, left, right) => {
    const first = image + (top * inWidth + left) * inChannels;
    for (let channel = 0; channel < inChannels; channel++)
      winner[write + channel] = first + channel;
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const pixel = image + (row * inWidth + column) * inChannels;
        for (let channel = 0; channel < inChannels; channel++)
          if ((x[pixel + channel] as number) > (x[winner[write + channel] as number] as number))
            winner[write + channel] = pixel + channel;
      }
    write += inChannels;
  });
  return winner;
}
