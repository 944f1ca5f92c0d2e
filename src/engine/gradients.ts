import * as tf from '@tensorflow/tfjs-core';
import { einsum } from './einsum-gradient.ts';
import { gather, mirrorPad, stridedSlice } from './indexing-gradients.ts';
import { isTiled, type PoolAttributes, poolGeometry } from './pool-geometry.ts';
import { mean, sum } from './reduction-gradients.ts';

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** What a gradient returns: per input name, its gradient on demand. */
type InputGradients = Record<string, () => tf.Tensor>;
type Gradient = (dy: never, saved: tf.Tensor[], attributes: never) => InputGradients;

const run = (kernel: string, inputs: Record<string, tf.Tensor>, attributes: object = {}) =>
  tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;

/**
 * Registers the gradients tfjs lacks: those of its own gradient kernels (without them a second
 * derivative throws), and the zero gradients of comparisons and logical ops. Also replaces those of
 * average pooling and of mirrored padding, which are wrong at the border, that of gathering, and those
 * of sums and means, which are slow.
 */
export function registerMissingGradients(): void {
  register(tf.Conv2DBackpropFilter, ['x', 'dy'], conv2DBackpropFilter);
  register(tf.AvgPool, ['x'], avgPool);
  register(tf.AvgPoolGrad, ['input'], avgPoolGrad);
  register(tf.MaxPoolGrad, ['dy', 'input', 'output'], maxPoolGrad);
  register(tf.EluGrad, ['dy', 'y'], eluGrad);
  register(tf.StridedSlice, ['x'], stridedSlice);
  register(tf.GatherV2, ['x', 'indices'], gather);
  register(tf.MirrorPad, ['x'], mirrorPad);
  register(tf.Sum, ['x'], sum);
  register(tf.Mean, ['x'], mean);
  register(tf.Einsum, 'all', einsum);
  register(tf.Unpack, [], unpack);
  register(tf.SplitV, [], split);
  register(tf.DepthwiseConv2dNativeBackpropInput, ['dy', 'filter'], depthwiseBackpropInput);
  register(tf.DepthwiseConv2dNativeBackpropFilter, ['x', 'dy'], depthwiseBackpropFilter);
  for (const comparison of [tf.Equal, tf.NotEqual, tf.Greater, tf.Less, tf.LessEqual])
    register(comparison, ['a', 'b'], zeroGradients('a', 'b'));
  for (const logical of [tf.LogicalAnd, tf.LogicalOr, tf.LogicalXor])
    register(logical, ['a', 'b'], zeroGradients('a', 'b'));
  for (const logical of [tf.LogicalNot, tf.All, tf.Any])
    register(logical, ['x'], zeroGradients('x'));
}

function register(kernelName: string, saves: string[] | 'all', gradFunc: Gradient): void {
  // Registering twice warns; stock gradients are replaced on purpose.
  if (tf.getGradient(kernelName)) tf.unregisterGradient(kernelName);
  const saved = saves === 'all' ? { saveAllInputs: true } : { inputsToSave: saves };
  tf.registerGradient({ kernelName, ...saved, gradFunc: gradFunc as unknown as tf.GradFunc });
}

function zeros(like: tf.Tensor): tf.Tensor {
  return tf.fill(like.shape, 0);
}

function zeroGradients(...names: string[]): Gradient {
  return (_dy: tf.Tensor, saved) =>
    Object.fromEntries(names.map((name, at) => [name, () => zeros(saved[at] as tf.Tensor)]));
}

/** dW is bilinear in x and dy. */
function conv2DBackpropFilter(g: tf.Tensor, saved: tf.Tensor[], attributes: ConvAttributes) {
  const [x, dy] = saved as [tf.Tensor4D, tf.Tensor4D];
  const { strides, pad, dataFormat, dimRoundingMode } = attributes;
  return {
    x: () =>
      run(
        tf.Conv2DBackpropInput,
        { dy, filter: g },
        { strides, pad, dataFormat, dimRoundingMode, inputShape: x.shape },
      ),
    dy: () => tf.conv2d(x, g as tf.Tensor4D, strides, pad, dataFormat, 1, dimRoundingMode),
  };
}

/** tfjs's own gradients of these two expect a list and get a tensor where there is only one part. */
function unpack(dy: tf.Tensor | tf.Tensor[], _saved: tf.Tensor[], { axis }: tf.UnpackAttrs) {
  return { value: () => tf.stack([dy].flat(), axis) };
}
function split(dy: tf.Tensor | tf.Tensor[], _saved: tf.Tensor[], { axis }: tf.SplitVAttrs) {
  return { x: () => tf.concat([dy].flat(), axis) };
}

interface DepthwiseAttributes extends Omit<ConvAttributes, 'dataFormat'> {
  readonly dilations: number | [number, number];
}

/** The depthwise dx is bilinear in dy and the filter. */
function depthwiseBackpropInput(g: tf.Tensor, saved: tf.Tensor[], attributes: DepthwiseAttributes) {
  const [dy, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
  const { strides, pad, dilations, dimRoundingMode } = attributes;
  const shared = { strides, pad, dilations, dimRoundingMode };
  return {
    dy: () => run(tf.DepthwiseConv2dNative, { x: g, filter }, shared),
    filter: () =>
      run(
        tf.DepthwiseConv2dNativeBackpropFilter,
        { x: g, dy },
        { ...shared, filterShape: filter.shape },
      ),
  };
}

/** The depthwise dW is bilinear in x and dy. */
function depthwiseBackpropFilter(
  g: tf.Tensor,
  saved: tf.Tensor[],
  attributes: DepthwiseAttributes,
) {
  const [x, dy] = saved as [tf.Tensor4D, tf.Tensor4D];
  const { strides, pad, dilations, dimRoundingMode } = attributes;
  const shared = { strides, pad, dilations, dimRoundingMode };
  return {
    x: () =>
      run(
        tf.DepthwiseConv2dNativeBackpropInput,
        { dy, filter: g },
        { ...shared, inputShape: x.shape },
      ),
    dy: () => run(tf.DepthwiseConv2dNative, { x, filter: g }, shared),
  };
}

/**
 * tfjs averages over the covered pixels only, but its gradient kernel divides by the full window.
 * A padded pool is therefore written as an unpadded one over explicit zeros, times window/covered.
 */
function avgPool(dy: tf.Tensor, saved: tf.Tensor[], attributes: PoolAttributes) {
  const [x] = saved as [tf.Tensor4D];
  const { filterSize, strides } = attributes;
  const geometry = poolGeometry(x.shape, attributes);
  return {
    x: () => {
      const unpadded = { filterSize, strides, pad: 'valid' };
      const { top, bottom, left, right } = geometry.padInfo;
      if (top + bottom + left + right === 0) return run(tf.AvgPoolGrad, { dy, input: x }, unpadded);
      const [batch, height, width, channels] = x.shape;
      const input = tf.fill([batch, height + top + bottom, width + left + right, channels], 0);
      const padded = run(
        tf.AvgPoolGrad,
        { dy: tf.mul(dy, windowOverCovered(geometry)), input },
        unpadded,
      );
      return tf.slice(padded, [0, top, left, 0], x.shape);
    },
  };
}

/** Linear in dy; `input` gives only its shape. The adjoint of spreading is averaging. */
function avgPoolGrad(g: tf.Tensor, saved: tf.Tensor[], attributes: PoolAttributes) {
  const [input] = saved as [tf.Tensor4D];
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const { top, bottom, left, right } = poolGeometry(input.shape, attributes).padInfo;
  if (top + bottom + left + right > 0)
    throw new Error(
      'the gradient kernel of a padded average pool has no derivative; pool without padding',
    );
  return {
    dy: () => tf.avgPool(g as tf.Tensor4D, filterSize, strides, pad, dimRoundingMode),
    input: () => zeros(input),
  };
}

/** Linear in dy: routes each value to its window's maximum. The adjoint reads g there. */
function maxPoolGrad(g: tf.Tensor, saved: tf.Tensor[], attributes: PoolAttributes) {
  const [dy, input, output] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const { filterSize, strides, pad } = attributes;
  const geometry = poolGeometry(input.shape, attributes);
  return {
    dy: () => {
      if (isTiled(geometry)) {
        // Where every input lies in one window, winners are what ones are given back to.
        const winners = run(tf.MaxPoolGrad, { dy: tf.onesLike(dy), input, output }, attributes);
        const picked = tf.mul(g, winners) as tf.Tensor4D;
        const mean = tf.avgPool(picked, filterSize, strides, pad);
        return tf.mul(mean, geometry.filterHeight * geometry.filterWidth);
      }
      const { indexes } = tf.maxPoolWithArgmax(input, filterSize, strides, pad, true);
      return tf.reshape(tf.gather(tf.reshape(g, [-1]), tf.reshape(indexes as tf.Tensor1D, [-1])), [
        ...dy.shape,
      ]);
    },
    input: () => zeros(input),
    output: () => zeros(dy),
  };
}

/** dx = dy where y ≥ 0, dy (y + 1) elsewhere. */
function eluGrad(g: tf.Tensor, saved: tf.Tensor[]) {
  const [dy, y] = saved as [tf.Tensor, tf.Tensor];
  return {
    dy: () => run(tf.EluGrad, { dy: g, y }),
    y: () => tf.mul(tf.mul(g, dy), tf.cast(tf.less(y, 0), 'float32')),
  };
}

/** Window size over the number of input pixels a window covers, [1, outHeight, outWidth, 1]. */
function windowOverCovered(geometry: tf.backend_util.Conv2DInfo): tf.Tensor {
  const { filterHeight, filterWidth, outHeight, outWidth, padInfo } = geometry;
  const covered = (out: number, stride: number, filter: number, before: number, length: number) => {
    const start = out * stride - before;
    return Math.min(start + filter, length) - Math.max(start, 0);
  };
  const values = new Float32Array(outHeight * outWidth);
  for (let row = 0; row < outHeight; row++)
    for (let column = 0; column < outWidth; column++)
      values[row * outWidth + column] =
        (filterHeight * filterWidth) /
        (covered(row, geometry.strideHeight, filterHeight, padInfo.top, geometry.inHeight) *
          covered(column, geometry.strideWidth, filterWidth, padInfo.left, geometry.inWidth));
  return tf.tensor(values, [1, outHeight, outWidth, 1]);
}
