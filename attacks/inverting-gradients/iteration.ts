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

/**
 * One iteration of Inverting Gradients as one program, so that an engine can run many per call:
 * replayed local training, cost and its gradient through that training, signed Adam, the box, and
 * the best iterate so far.
 *
 * State: dummy, Adam's two moments, the best dummy, its cost, its cost without total variation.
 * Per step: Adam's step size.
 */
export function invertingIteration(
  problem: MatchingProblem,
  { totalVariation: tvWeight, statistics }: { totalVariation: number; statistics: number },
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
        const match = matchingCost(problem, cosineDistance, constants, guess, statistics);
        return smooth ? tf.add(match, smoothness(guess)) : match;
      })(dummy);
      const match = smooth ? tf.sub(cost, smoothness(dummy)) : cost;

      const better = tf.less(cost, bestCost);
      const moved = adamStep({ point: dummy, mean, square }, tf.sign(grad), stepSize);
      return {
        state: [
          intoBox(problem.dummy, moved.point),
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

/** Clips pixels to [0, 1]; label logits stay as they are. */
function intoBox(shape: DummyShape, dummy: Tensor): Tensor {
  if (shape.labels === 'known') return tf.clipByValue(dummy, 0, 1);
  const pixels = imageValues(shape);
  return tf.concat([
    tf.clipByValue(tf.slice(dummy, 0, pixels), 0, 1),
    tf.slice(dummy, pixels, shape.samples * shape.classes),
  ]);
}
