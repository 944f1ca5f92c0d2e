import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { tf } from '../engine/tensors.ts';
import { type ParameterEntry, ParameterLayout } from './layout.ts';

/**
 * The layout of layers that have a weight and a bias each, in the order of the forward pass.
 *
 * @param weights shape of each layer's weight by name: [height, width, in, out] of a convolution,
 *   [in, out] of a dense layer
 */
export function layoutOf(weights: Readonly<Record<string, readonly number[]>>): ParameterLayout {
  return new ParameterLayout(
    Object.entries(weights).flatMap(
      ([name, shape], layer): Omit<ParameterEntry, 'offset' | 'size'>[] => [
        { name: `${name}.weight`, shape, kind: 'weight', layer },
        { name: `${name}.bias`, shape: shape.slice(-1), kind: 'bias', layer },
      ],
    ),
  );
}

/** A layer's weight and bias. */
export type WeightAndBias = readonly [weight: Tensor, bias: Tensor];

/** Weight and bias of each of `count` layers, from tensors in the order of {@link layoutOf}. */
export function layersOf<Count extends number>(
  parameters: readonly Tensor[],
  count: Count,
): Repeat<WeightAndBias, Count> {
  if (parameters.length !== 2 * count)
    throw new RangeError(`${parameters.length} parameter tensors for ${count} layers of 2 each`);
  const layers = Array.from({ length: count }, (_, at) => parameters.slice(2 * at, 2 * at + 2));
  return layers as unknown as Repeat<WeightAndBias, Count>;
}

/** A tuple of `Count` items. */
type Repeat<Item, Count extends number, Items extends Item[] = []> = number extends Count
  ? Item[]
  : Items['length'] extends Count
    ? Items
    : Repeat<Item, Count, [Item, ...Items]>;

/** Shapes of weights without biases, one layer each, in the order of the forward pass. */
export function weightsOnly(weights: Readonly<Record<string, readonly number[]>>): ParameterLayout {
  return new ParameterLayout(
    Object.entries(weights).map(([name, shape], layer) => ({
      ...{ name: `${name}.weight`, shape, layer },
      kind: 'weight',
    })),
  );
}

/** x W + b, [batch, out]; without a bias x W. */
export function dense(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const product = tf.matMul(x as Tensor2D, weight as Tensor2D);
  return bias ? tf.add(product, bias) : product;
}

export interface ConvolutionSettings {
  readonly padding?: number;
  readonly stride?: number;
}

/** Convolution plus bias. */
export function convolution(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  settings: ConvolutionSettings = {},
): Tensor {
  return tf.add(convolve(x, weight, settings), bias);
}

/**
 * Convolution alone. `padding` zeros go on each side, as in PyTorch; with a stride, `same` of
 * TensorFlow would put them elsewhere.
 */
export function convolve(
  x: Tensor,
  weight: Tensor,
  { padding = 0, stride = 1 }: ConvolutionSettings = {},
): Tensor {
  const images = x as Tensor4D;
  const filter = weight as Tensor4D;
  const keepsSize = filter.shape[0] === 2 * padding + 1 && filter.shape[1] === 2 * padding + 1;
  if (padding === 0 || (stride === 1 && keepsSize))
    return tf.conv2d(images, filter, stride, padding === 0 ? 'valid' : 'same');
  // An op of its own: tfjs-node knows `valid` and `same` only.
  const side: [number, number] = [padding, padding];
  const padded = tf.pad(images, [[0, 0], side, side, [0, 0]]);
  return tf.conv2d(padded, filter, stride, 'valid');
}

/** Maximum of every 2 × 2 window, halving both sides. */
export function maxPool2(x: Tensor): Tensor {
  return tf.maxPool(x as Tensor4D, 2, 2, 'valid');
}

/** [batch, height · width · channels]. */
export function flatten(x: Tensor): Tensor {
  const [batch, ...rest] = x.shape as [number, ...number[]];
  return tf.reshape(x, [batch, rest.reduce((product, length) => product * length, 1)]);
}
