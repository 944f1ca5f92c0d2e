import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';

type Shape4D = [number, number, number, number];

interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dilations: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** dx [batch, height, width, channels]: every dy through its channel's filters, back to its window. */
export function depthwiseBackpropInput(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: Attributes & { readonly inputShape: Shape4D },
): TensorInfo {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const info = geometry(attributes.inputShape, filter.shape as Shape4D, attributes);
  const dx = heap.allocate(info.inShape);
  const [to, slopes, taps] = [heap.floats(dx).fill(0), heap.floats(dy), heap.floats(filter)];
  forEachProduct(info, (x, y, tap) => {
    to[x] = (to[x] as number) + (slopes[y] as number) * (taps[tap] as number);
  });
  return dx;
}

/** dW [height, width, channels, multiplier]: every dy times what its window's tap read. */
export function depthwiseBackpropFilter(
  heap: Heap,
  inputs: Record<string, TensorInfo>,
  attributes: Attributes & { readonly filterShape: Shape4D },
): TensorInfo {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const info = geometry(x.shape as Shape4D, attributes.filterShape, attributes);
  const dw = heap.allocate(attributes.filterShape);
  const [to, images, slopes] = [heap.floats(dw).fill(0), heap.floats(x), heap.floats(dy)];
  forEachProduct(info, (at, y, tap) => {
    to[tap] = (to[tap] as number) + (images[at] as number) * (slopes[y] as number);
  });
  return dw;
}

function geometry(input: Shape4D, filter: Shape4D, attributes: Attributes) {
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  return backend_util.computeConv2DInfo(
    input,
    filter,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
}

/** Visits every product of the convolution by its flat indices in x, y and the filter. */
function forEachProduct(
  info: backend_util.Conv2DInfo,
  visit: (x: number, y: number, tap: number) => void,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const multiplier = outChannels / inChannels;
  for (let image = 0; image < batchSize; image++)
    for (let outRow = 0; outRow < outHeight; outRow++)
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const y = ((image * outHeight + outRow) * outWidth + outColumn) * outChannels;
        for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
          const row = outRow * strideHeight - padInfo.top + tapRow * info.dilationHeight;
          if (row < 0 || row >= inHeight) continue;
          for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
            const column = outColumn * strideWidth - padInfo.left + tapColumn * info.dilationWidth;
            if (column < 0 || column >= inWidth) continue;
            const x = ((image * inHeight + row) * inWidth + column) * inChannels;
            const tap = (tapRow * filterWidth + tapColumn) * outChannels;
            for (let channel = 0; channel < outChannels; channel++)
              visit(x + Math.floor(channel / multiplier), y + channel, tap + channel);
          }
        }
      }
}
