import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, NdArray, ProgramDefinition } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import { crossEntropy } from '../../src/models/loss.ts';
import type { Model } from '../../src/models/model.ts';

export interface SgdSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** w ← w − η∇L(w; batch). State: parameters; per step: inputs and labels of the batch. */
function sgdStep(model: Model, { batchSize, learningRate }: SgdSettings): ProgramDefinition {
  return {
    name: `${model.id}/shadow-sgd`,
    state: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    constants: [],
    perStep: [
      { shape: [batchSize, ...model.inputShape], dtype: 'float32' },
      { shape: [batchSize], dtype: 'int32' },
    ],
    step({ state, perStep }) {
      const [inputs, labels] = perStep as [Tensor, Tensor];
      const gradients = tf.grads((...parameters: Tensor[]) =>
        crossEntropy(model.logits(parameters, inputs), labels),
      )([...state]);
      return {
        state: state.map((weight, at) =>
          tf.sub(weight, tf.mul(gradients[at] as Tensor, learningRate)),
        ),
        outputs: [],
      };
    },
  };
}

/**
 * Parameters after `epochs` passes of SGD from a fresh initialisation; each pass in a new random
 * order, its last incomplete batch left out.
 */
export async function trainBySgd(
  model: Model,
  samples: LabelledSamples,
  settings: SgdSettings,
  engine: Engine,
  random: RandomStream,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { epochs, batchSize } = settings;
  const steps = Math.floor(samples.count / batchSize);
  const size = samples.inputs.length / samples.count;
  const program = await engine.compile(sgdStep(model, settings));
  try {
    let state: readonly NdArray[] = model.layout.split(model.initialize(random.derive('weights')));
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal.throwIfAborted();
      const order = random.derive('order', epoch).permutation(samples.count);
      const rows = order.subarray(0, steps * batchSize);
      const inputs = new Float32Array(rows.length * size);
      rows.forEach((row, at) => {
        inputs.set(samples.inputs.subarray(row * size, (row + 1) * size), at * size);
      });
      const labels = Int32Array.from(rows, (row) => samples.labels[row] as number);
      ({ state } = await program.run({
        steps,
        state,
        perStep: [
          { shape: [steps, batchSize, ...model.inputShape], data: inputs },
          { shape: [steps, batchSize], data: labels },
        ],
      }));
    }
    return model.layout.join(state);
  } finally {
    program.dispose();
  }
}
