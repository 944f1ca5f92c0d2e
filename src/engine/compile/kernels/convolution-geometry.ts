import { backend_util } from '@tensorflow/tfjs-core';
import type { Edge, Graph } from '../graph.ts';
import type { Attributes } from '../onnx-writer.ts';
import { arrange, type Value, view } from '../value.ts';
import { type KernelCall, UnsupportedCall } from './kernel.ts';

export type Shape4D = [number, number, number, number];
export type Geometry = backend_util.Conv2DInfo;

/** Layers of fewer channels than the first, or of at least as many as the second, go other ways (measured). */
export const THIN = 16;
export const DEEP = 256;

/** tfjs axes in ONNX's order: images are NHWC and NCHW, filters HWIO and OIHW. */
export const NCHW = [0, 3, 1, 2];
export const OIHW = [3, 2, 0, 1];
/** Where an NCHW edge holds the NHWC axes. */
export const NHWC_IN_NCHW = [0, 2, 3, 1];

export function geometryOf(
  call: KernelCall,
  xShape: readonly number[],
  filterShape: readonly number[],
  depthwise = false,
): Geometry {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = call.attrs;
  if (dataFormat !== undefined && dataFormat !== 'NHWC')
    throw new UnsupportedCall(`images are NHWC here, not ${dataFormat}`);
  return backend_util.computeConv2DInfo(
    [...xShape] as Shape4D,
    [...filterShape] as Shape4D,
    strides as [number, number],
    (dilations ?? 1) as number,
    pad as 'valid',
    dimRoundingMode as 'floor',
    depthwise,
  );
}

export const onnxPads = ({ top, left, bottom, right }: Geometry['padInfo']): number[] => [
  top,
  left,
  bottom,
  right,
];

export const window = (geometry: Geometry): Attributes => ({
  strides: [geometry.strideHeight, geometry.strideWidth],
  dilations: [geometry.dilationHeight, geometry.dilationWidth],
});

/**
 * Images laid out in `order`, with the zeros around them as numbers: those of the convolution, and
 * those of an explicit padding before it, which then costs no operation of its own.
 */
export function padded(
  graph: Graph,
  x: Value,
  order: readonly number[],
  padInfo: Geometry['padInfo'],
): { edge: Edge; pads: number[] } {
  const pads = onnxPads(padInfo);
  const before = graph.producer(x.edge);
  const [source, amounts, value] = before?.inputs ?? [];
  const isZero =
    before?.op === 'Pad' && value?.constant?.length === 1 && !Number(value.constant[0]);
  if (!isZero || !source || !amounts?.constant) return { edge: arrange(graph, x, order), pads };
  const rank = source.shape.length;
  const around = Array.from(amounts.constant, Number);
  const [high, wide] = [x.axes[1] as number, x.axes[2] as number];
  const sides = [high, wide, rank + high, rank + wide];
  const isAround = around.every((pad, at) => pad === 0 || (pad > 0 && sides.includes(at)));
  if (high < 0 || wide < 0 || !isAround) return { edge: arrange(graph, x, order), pads };
  const shape = x.shape.with(1, source.shape[high] as number).with(2, source.shape[wide] as number);
  return {
    edge: arrange(graph, view(source, shape, x.axes), order),
    pads: pads.map((pad, at) => pad + (around[sides[at] as number] as number)),
  };
}
