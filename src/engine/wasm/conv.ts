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

/**
 * Convolution, with `same` padding spelled out: left to itself the backend returns memory as it finds
 * it where a stride is longer than the filter and the padding would be negative.
 */
export function conv2D(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: ConvAttributes & { readonly dilations: number | [number, number] },
): TensorInfo {
  if (attributes.pad !== 'same') return heap.stock('Conv2D', inputs, attributes);
  const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
  const { padInfo } = geometry(x.shape as Shape4D, filter.shape as Shape4D, attributes);
  const { top, bottom, left, right } = padInfo;
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return heap.stock('Conv2D', inputs, { ...attributes, pad });
}

/** Patches are gathered for as many output rows at once as fit into this many values (64 MiB). */
const patchLimit = 2 ** 24;

/**
 * dW [filterHeight, filterWidth, inChannels, outChannels]: the patches of x, one row per filter
 * coordinate, times dy. The batch is made the innermost axis, so that patches are copied in runs.
 */
export function conv2DBackpropFilter(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: ConvAttributes & { readonly filterShape: Shape4D },
): TensorInfo {
  const { filterShape } = attributes;
  const info = geometry(inputs.x?.shape as Shape4D, filterShape, attributes);
  const { batchSize, outHeight, outWidth, outChannels } = info;
  const x = heap.stock('Transpose', { x: inputs.x as TensorInfo }, { perm: [3, 1, 2, 0] });
  const dy = heap.stock('Transpose', { x: inputs.dy as TensorInfo }, { perm: [1, 2, 0, 3] });
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const positionsPerRow = outWidth * batchSize;
  const rowsAtOnce = Math.max(1, Math.floor(patchLimit / (taps * positionsPerRow)));
  const total = heap.allocate(filterShape);
  heap.floats(total).fill(0);
  for (let first = 0; first < outHeight; first += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, outHeight - first);
    const patches = gatherPatches(heap, x, info, first, rows);
    const part = heap.allocate([rows * positionsPerRow, outChannels]);
    const size = positionsPerRow * outChannels;
    heap.floats(part).set(heap.floats(dy).subarray(first * size, (first + rows) * size));
    const product = multiplyPair(heap, { a: patches, b: part });
    addTo(heap.floats(total), heap.floats(product));
    heap.release(patches, part, product);
  }
  heap.release(x, dy);
  return total;
}

/** dx [batch, inHeight, inWidth, inChannels], in the way that is quicker for the shapes at hand. */
export function conv2DBackpropInput(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: ConvAttributes & { readonly inputShape: Shape4D },
): TensorInfo {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const info = geometry(attributes.inputShape, filter.shape as Shape4D, attributes);
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  // Turning the filter costs one product per input pixel, windows one per output pixel and the sums.
  const pixelsPerWindow = (inHeight * inWidth) / (outHeight * outWidth);
  const paddingInFilter =
    Math.max(padInfo.top, padInfo.bottom) < info.filterHeight &&
    Math.max(padInfo.left, padInfo.right) < info.filterWidth;
  return strideHeight * strideWidth === 1 && pixelsPerWindow < 4 && paddingInFilter
    ? byTurnedFilter(heap, dy, filter, info)
    : byWindows(heap, dy, filter, info);
}

/**
 * A convolution of dy with the filter turned by 180°, its channel axes exchanged.
 */
function byTurnedFilter(
  heap: Heap,
  dy: TensorInfo,
  filter: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { filterHeight, filterWidth, padInfo } = info;
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = info.inHeight - info.outHeight - top + filterHeight - 1;
  const right = info.inWidth - info.outWidth - left + filterWidth - 1;
  const turned = turnFilter(heap, filter);
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const one = [1, 1];
  const dx = heap.stock(
    'Conv2D',
    { x: dy, filter: turned },
    { strides: one, dilations: one, dataFormat: 'NHWC', pad },
  );
  heap.release(turned);
  return dx;
}

/** Every window's share of dx, dy · Wᵀ, added up where windows overlap. */
function byWindows(
  heap: Heap,
  dy: TensorInfo,
  filter: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const windowSize = filterHeight * filterWidth * inChannels;
  const rows = { ...dy, shape: [batchSize * outHeight * outWidth, outChannels] };
  const flat = { ...filter, shape: [windowSize, outChannels] };
  const turned = heap.stock('Transpose', { x: flat }, { perm: [1, 0] });
  const shares = multiplyPair(heap, { a: rows, b: turned });
  const dx = heap.allocate([batchSize, inHeight, inWidth, inChannels]);
  const to = heap.floats(dx).fill(0);
  const from = heap.floats(shares);
  let window = 0;
  for (let image = 0; image < batchSize; image++)
    for (let outRow = 0; outRow < outHeight; outRow++)
      for (let outColumn = 0; outColumn < outWidth; outColumn++, window += windowSize) {
        const top = outRow * strideHeight - padInfo.top;
        const left = outColumn * strideWidth - padInfo.left;
        const firstTap = Math.max(0, -left);
        const length = (Math.min(filterWidth, inWidth - left) - firstTap) * inChannels;
        const lastRow = Math.min(filterHeight, inHeight - top);
        for (let tapRow = Math.max(0, -top); tapRow < lastRow; tapRow++) {
          const write =
            ((image * inHeight + top + tapRow) * inWidth + left + firstTap) * inChannels;
          const read = window + (tapRow * filterWidth + firstTap) * inChannels;
          for (let at = 0; at < length; at++)
            to[write + at] = (to[write + at] as number) + (from[read + at] as number);
        }
      }
  heap.release(turned, shares);
  return dx;
}

function geometry(
  inputShape: Shape4D,
  filterShape: Shape4D,
  attributes: ConvAttributes & { readonly dilations?: number | [number, number] },
) {
  const { strides, pad, dataFormat, dimRoundingMode, dilations = 1 } = attributes;
  if (dataFormat !== 'NHWC')
    throw new Error(`the WebAssembly backend convolves NHWC images only, not ${dataFormat}`);
  return backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
}

/** The outputs whose window has its coordinate `tap` inside the image: [from, to). */
function outputsInside(tap: number, pad: number, stride: number, length: number, out: number) {
  const from = Math.max(0, Math.ceil((pad - tap) / stride));
  const to = Math.min(out, Math.floor((length - 1 - tap + pad) / stride) + 1);
  return { from, to: Math.max(from, to) };
}

/**
 * Patches [filterHeight · filterWidth · inChannels, rows · outWidth · batch] of
 * x [inChannels, inHeight, inWidth, batch], for `rows` output rows from `firstRow` on.
 */
function gatherPatches(
  heap: Heap,
  x: TensorInfo,
  info: backend_util.Conv2DInfo,
  firstRow: number,
  rows: number,
): TensorInfo {
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth, inHeight, inWidth } = info;
  const { batchSize, strideHeight, strideWidth, padInfo } = info;
  const patches = heap.allocate([
    filterHeight * filterWidth * inChannels,
    rows * outWidth * batchSize,
  ]);
  const to = heap.floats(patches);
  const from = heap.floats(x);
  if (padInfo.top + padInfo.bottom + padInfo.left + padInfo.right > 0) to.fill(0);
  let row = 0;
  for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
    const down = outputsInside(tapRow, padInfo.top, strideHeight, inHeight, outHeight);
    const fromRow = Math.max(firstRow, down.from);
    const toRow = Math.min(firstRow + rows, down.to);
    for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
      const across = outputsInside(tapColumn, padInfo.left, strideWidth, inWidth, outWidth);
      const inColumn = across.from * strideWidth + tapColumn - padInfo.left;
      const columns = across.to - across.from;
      for (let channel = 0; channel < inChannels; channel++, row++) {
        for (let outRow = fromRow; outRow < toRow; outRow++) {
          const inRow = outRow * strideHeight + tapRow - padInfo.top;
          let read = ((channel * inHeight + inRow) * inWidth + inColumn) * batchSize;
          let write = ((row * rows + outRow - firstRow) * outWidth + across.from) * batchSize;
          if (strideWidth === 1) {
            to.set(from.subarray(read, read + columns * batchSize), write);
            continue;
          }
          for (let column = 0; column < columns; column++) {
            for (let image = 0; image < batchSize; image++)
              to[write++] = from[read + image] as number;
            read += strideWidth * batchSize;
          }
        }
      }
    }
  }
  return patches;
}

function addTo(sums: Float32Array, values: Float32Array): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) + (values[at] as number);
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
