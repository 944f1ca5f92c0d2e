import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';
import { multiplyPair } from './matmul.ts';

type Shape4D = [number, number, number, number];

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Patches are gathered for as many images at once as fit into this many values (64 MiB). */
const patchLimit = 2 ** 24;

/**
 * dW [filterHeight, filterWidth, inChannels, outChannels]: the patches of x, one row per filter
 * coordinate, times dy.
 */
export function conv2DBackpropFilter(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: ConvAttributes & { readonly filterShape: Shape4D },
): TensorInfo {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape } = attributes;
  const info = geometry(x.shape as Shape4D, filterShape, attributes);
  const rows = info.filterHeight * info.filterWidth * info.inChannels;
  const positions = info.outHeight * info.outWidth;
  const imagesAtOnce = Math.max(1, Math.floor(patchLimit / (rows * positions)));
  if (imagesAtOnce >= info.batchSize) {
    const patches = gatherPatches(heap, x, info, 0, info.batchSize);
    const b = { ...dy, shape: [info.batchSize * positions, info.outChannels] };
    const product = multiplyPair(heap, { a: patches, b });
    heap.release(patches);
    return { ...product, shape: filterShape };
  }
  const total = heap.allocate(filterShape);
  heap.floats(total).fill(0);
  for (let first = 0; first < info.batchSize; first += imagesAtOnce) {
    const images = Math.min(imagesAtOnce, info.batchSize - first);
    const patches = gatherPatches(heap, x, info, first, images);
    const part = heap.allocate([images * positions, info.outChannels]);
    const start = first * positions * info.outChannels;
    const length = images * positions * info.outChannels;
    heap.floats(part).set(heap.floats(dy).subarray(start, start + length));
    const product = multiplyPair(heap, { a: patches, b: part });
    const sums = heap.floats(total);
    const values = heap.floats(product);
    for (let at = 0; at < sums.length; at++)
      sums[at] = (sums[at] as number) + (values[at] as number);
    heap.release(patches, part, product);
  }
  return total;
}

/**
 * dx [batch, inHeight, inWidth, inChannels]: a convolution of dy, spread out by the stride, with the
 * filter turned by 180° and its channel axes exchanged.
 */
export function conv2DBackpropInput(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: ConvAttributes & { readonly inputShape: Shape4D },
): TensorInfo {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const info = geometry(attributes.inputShape, filter.shape as Shape4D, attributes);
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const spreadHeight = (info.outHeight - 1) * strideHeight + 1;
  const spreadWidth = (info.outWidth - 1) * strideWidth + 1;
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = info.inHeight - spreadHeight - top + filterHeight - 1;
  const right = info.inWidth - spreadWidth - left + filterWidth - 1;
  // Padding wider than the filter: windows that see no pixel at all.
  if (Math.min(top, left, bottom, right) < 0)
    return heap.stock('Conv2DBackpropInput', inputs, attributes);
  const turned = turnFilter(heap, filter);
  const spread = strideHeight * strideWidth > 1 ? spreadOut(heap, dy, info) : dy;
  const dx = heap.stock(
    'Conv2D',
    { x: spread, filter: turned },
    {
      strides: [1, 1],
      dilations: [1, 1],
      dataFormat: 'NHWC',
      pad: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
    },
  );
  heap.release(turned);
  if (spread !== dy) heap.release(spread);
  return dx;
}

function geometry(inputShape: Shape4D, filterShape: Shape4D, attributes: ConvAttributes) {
  const { strides, pad, dataFormat, dimRoundingMode } = attributes;
  if (dataFormat !== 'NHWC')
    throw new Error(`the WebAssembly backend convolves NHWC images only, not ${dataFormat}`);
  return backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);
}

/** The outputs whose window has its coordinate `tap` inside the image: [from, to). */
function outputsInside(tap: number, pad: number, stride: number, length: number, out: number) {
  const from = Math.max(0, Math.ceil((pad - tap) / stride));
  const to = Math.min(out, Math.floor((length - 1 - tap + pad) / stride) + 1);
  return { from, to: Math.max(from, to) };
}

/** Patches [filterHeight · filterWidth · inChannels, images · outHeight · outWidth] of x. */
function gatherPatches(
  heap: Heap,
  x: TensorInfo,
  info: backend_util.Conv2DInfo,
  firstImage: number,
  images: number,
): TensorInfo {
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth, inHeight, inWidth } = info;
  const { strideHeight, strideWidth, padInfo } = info;
  const positions = images * outHeight * outWidth;
  const patches = heap.allocate([filterHeight * filterWidth * inChannels, positions]);
  const to = heap.floats(patches);
  const from = heap.floats(x);
  if (padInfo.top + padInfo.bottom + padInfo.left + padInfo.right > 0) to.fill(0);
  const step = strideWidth * inChannels;
  let row = 0;
  for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
    const down = outputsInside(tapRow, padInfo.top, strideHeight, inHeight, outHeight);
    for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
      const across = outputsInside(tapColumn, padInfo.left, strideWidth, inWidth, outWidth);
      for (let channel = 0; channel < inChannels; channel++, row++) {
        for (let image = 0; image < images; image++) {
          for (let outRow = down.from; outRow < down.to; outRow++) {
            const inRow = outRow * strideHeight + tapRow - padInfo.top;
            const inColumn = across.from * strideWidth + tapColumn - padInfo.left;
            let read =
              (((firstImage + image) * inHeight + inRow) * inWidth + inColumn) * inChannels +
              channel;
            const line = row * positions + (image * outHeight + outRow) * outWidth;
            const end = line + across.to;
            for (let write = line + across.from; write < end; write++, read += step)
              to[write] = from[read] as number;
          }
        }
      }
    }
  }
  return patches;
}

/** [h, w, in, out] → [h, w, out, in], turned by 180°. */
function turnFilter(heap: Heap, filter: TensorInfo): TensorInfo {
  const [height, width, inChannels, outChannels] = filter.shape as Shape4D;
  const turned = heap.allocate([height, width, outChannels, inChannels]);
  const to = heap.floats(turned);
  const from = heap.floats(filter);
  const taps = height * width;
  const size = inChannels * outChannels;
  for (let tap = 0; tap < taps; tap++) {
    let read = (taps - 1 - tap) * size;
    for (let input = 0; input < inChannels; input++) {
      let write = tap * size + input;
      for (let output = 0; output < outChannels; output++, write += inChannels)
        to[write] = from[read++] as number;
    }
  }
  return turned;
}

/** dy with stride - 1 zeros between its pixels. */
function spreadOut(heap: Heap, dy: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, strideHeight, strideWidth } = info;
  const height = (outHeight - 1) * strideHeight + 1;
  const width = (outWidth - 1) * strideWidth + 1;
  const spread = heap.allocate([batchSize, height, width, outChannels]);
  const to = heap.floats(spread).fill(0);
  const from = heap.floats(dy);
  let read = 0;
  for (let image = 0; image < batchSize; image++)
    for (let row = 0; row < outHeight; row++) {
      let write = (image * height + row * strideHeight) * width * outChannels;
      for (let column = 0; column < outWidth; column++) {
        for (let channel = 0; channel < outChannels; channel++)
          to[write + channel] = from[read++] as number;
        write += strideWidth * outChannels;
      }
    }
  return spread;
}
