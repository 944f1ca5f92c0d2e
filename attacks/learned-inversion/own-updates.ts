import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, NdArray, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import { replayLocalTraining } from '../gradient-matching/local-training.ts';
import type { MatchingProblem } from '../gradient-matching/problem.ts';

/** Updates held in memory at once: of LeNet-5, some 6 MB. */
const CHUNK = 25;

/** Start weights as constants; one image and its label per step; its update [N] as output. */
function updateOfOneImage(problem: MatchingProblem): ProgramDefinition {
  const { model } = problem;
  return {
    name: `${model.id}/update-of-one-image`,
    state: [],
    constants: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    perStep: [
      { shape: [1, ...model.inputShape], dtype: 'float32' },
      { shape: [1], dtype: 'int32' },
    ],
    step({ constants, perStep: [image, label] }) {
      const target = tf.cast(tf.oneHot(label as Tensor, model.classes), 'float32');
      const update = replayLocalTraining(problem, [...constants], image as Tensor, target);
      return { state: [], outputs: [update] };
    },
  };
}

/**
 * Trains on each of the attacker's own images as a probe client would, from the same start, and hands
 * over the updates (w_0 − w_T) / learning rate, [N], one by one.
 */
export async function eachOwnUpdate(
  engine: Engine,
  problem: MatchingProblem,
  start: Float32Array,
  own: LabelledSamples,
  signal: AbortSignal,
  receive: (update: Float32Array, at: number) => void,
): Promise<void> {
  const program = await engine.compile(updateOfOneImage(problem));
  const { layout, inputShape } = problem.model;
  const size = own.inputs.length / own.count;
  try {
    for (let first = 0; first < own.count; first += CHUNK) {
      signal.throwIfAborted();
      const steps = Math.min(CHUNK, own.count - first);
      const images: NdArray = {
        shape: [steps, 1, ...inputShape],
        data: own.inputs.subarray(first * size, (first + steps) * size),
      };
      const labels: NdArray = {
        shape: [steps, 1],
        data: own.labels.subarray(first, first + steps),
      };
      const { outputs } = await program.run({
        steps,
        state: [],
        constants: layout.split(start),
        perStep: [images, labels],
      });
      const updates = (outputs[0] as NdArray).data as Float32Array;
      for (let at = 0; at < steps; at++)
        receive(updates.subarray(at * layout.size, (at + 1) * layout.size), first + at);
    }
  } finally {
    program.dispose();
  }
}
