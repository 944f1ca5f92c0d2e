import type { Tensor } from '@tensorflow/tfjs-core';
import type { ProgramDefinition, TensorSpec } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import {
  type DummyShape,
  dummyImages,
  dummyLength,
  imageValues,
} from '../gradient-matching/dummy.ts';
import { cosineDistance, totalVariation } from '../gradient-matching/objectives.ts';
import { constantSpecs, type MatchingProblem, matchingCost } from '../gradient-matching/problem.ts';
import { adamStep } from '../optimisers/adam.ts';

/** What images are standardised by: x = mean + deviation·z. */
export interface PixelScale {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * One iteration of Inverting Gradients as one program, so that an engine can run many per call:
 * replayed local training, cost and its gradient through that training, signed Adam, the box, and
 * the best iterate so far. Images are standardised, as in the paper: step size and total variation are
 * in standard deviations.
 *
 * State: dummy, Adam's two moments, the best dummy, its cost, its cost without total variation.
 * Per step: Adam's step size.
 */
export function invertingIteration(
  problem: MatchingProblem,
  { totalVariation: tvWeight, statistics }: { totalVariation: number; statistics: number },
  scale: PixelScale,
): ProgramDefinition {
  const vector: TensorSpec = { shape: [dummyLength(problem.dummy)], dtype: 'float32' };
  const scalar: TensorSpec = { shape: [], dtype: 'float32' };
  const smoothness = (dummy: Tensor) =>
    tf.mul(tvWeight, totalVariation(dummyImages(problem.dummy, dummy)));
  // Total variation is a statement about pictures; tables have no neighbours.
  const smooth = tvWeight > 0 && problem.dummy.inputShape.length === 3;

  return {
    name: `${problem.model.id}/inverting-gradients`,
    state: [vector, vector, vector, vector, scalar, scalar],
    constants: constantSpecs(problem),
    perStep: [scalar],
    step({ state, constants, perStep }) {
      const [dummy, mean, square, bestDummy, bestCost, bestMatch] = state as SixTensors;
      const [stepSize] = perStep as [Tensor];
      const { value: cost, grad } = tf.valueAndGrad((guess) => {
        const pixels = toPixels(problem.dummy, guess, scale);
        const match = matchingCost(problem, cosineDistance, constants, pixels, statistics);
        return smooth ? tf.add(match, smoothness(guess)) : match;
      })(dummy);
      const match = smooth ? tf.sub(cost, smoothness(dummy)) : cost;

      const better = tf.less(cost, bestCost);
      const moved = adamStep({ point: dummy, mean, square }, tf.sign(grad), stepSize);
      return {
        state: [
          intoBox(problem.dummy, moved.point, scale),
          moved.mean,
          moved.square,
          tf.where(better, dummy, bestDummy),
          tf.where(better, cost, bestCost),
          tf.where(better, match, bestMatch),
        ],
        outputs: [],
      };
    },
  };
}

type SixTensors = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/** A dummy vector with its images in pixels; label logits stay as they are. */
function toPixels(shape: DummyShape, dummy: Tensor, { mean, deviation }: PixelScale): Tensor {
  return onImages(shape, dummy, (images) => tf.add(tf.mul(images, deviation), mean));
}

/** Keeps pixels in [0, 1]. */
function intoBox(shape: DummyShape, dummy: Tensor, { mean, deviation }: PixelScale): Tensor {
  const [black, white] = [-mean / deviation, (1 - mean) / deviation];
  return onImages(shape, dummy, (images) => tf.clipByValue(images, black, white));
}

function onImages(shape: DummyShape, dummy: Tensor, change: (images: Tensor) => Tensor): Tensor {
  if (shape.labels === 'known') return change(dummy);
  const pixels = imageValues(shape);
  return tf.concat([
    change(tf.slice(dummy, 0, pixels)),
    tf.slice(dummy, pixels, shape.samples * shape.classes),
  ]);
}
