import type { Tensor } from '@tensorflow/tfjs-core';
import type { Engine, NdArray, ProgramDefinition } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import { mlp } from '../../src/models/mlp.ts';
import type { Model } from '../../src/models/model.ts';
import { adamStep, adamStepSize } from '../optimisers/adam.ts';

export interface TrainingPairs {
  readonly count: number;
  /** [count, features] */
  readonly features: Float32Array;
  /** [count, pixels] */
  readonly images: Float32Array;
}

export interface InversionTraining {
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly random: RandomStream;
  readonly signal: AbortSignal;
  progress(fraction: number): void;
}

/** From features of an update to pixels: two hidden layers (Wu et al. 2023, §4.1). */
function inversionNetwork(features: number, pixels: number, hidden: number): Model {
  return mlp({
    id: 'inversion-network',
    title: 'Inversion network',
    source: 'Wu et al. 2023, §4.1',
    inputShape: [features],
    hidden: [hidden, hidden],
    classes: pixels,
    activation: 'relu',
  });
}

/** State: weights, Adam's two moments. Per step: features, images, step size. Output: mean squared error. */
function regressionStep(network: Model, batchSize: number): ProgramDefinition {
  const weights = network.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' as const }));
  const count = weights.length;
  return {
    name: 'inversion-network/adam-step',
    state: [...weights, ...weights, ...weights],
    constants: [],
    perStep: [
      { shape: [batchSize, ...network.inputShape], dtype: 'float32' },
      { shape: [batchSize, network.classes], dtype: 'float32' },
      { shape: [], dtype: 'float32' },
    ],
    step({ state, perStep: [features, images, stepSize] }) {
      const points = state.slice(0, count);
      const { value, grads } = tf.valueAndGrads((...parameters: Tensor[]) => {
        const error = tf.sub(network.logits(parameters, features as Tensor), images as Tensor);
        return tf.mean(tf.mul(error, error)) as Tensor;
      })([...points]);
      const moved = points.map((point, at) =>
        adamStep(
          {
            point,
            mean: state[count + at] as Tensor,
            square: state[2 * count + at] as Tensor,
          },
          grads[at] as Tensor,
          stepSize as Tensor,
        ),
      );
      return {
        state: [
          ...moved.map(({ point }) => point),
          ...moved.map(({ mean }) => mean),
          ...moved.map(({ square }) => square),
        ],
        outputs: [value],
      };
    },
  };
}

/**
 * Learns to draw images from features.
 *
 * @returns the network's weights, and the training's last mean squared error
 */
export async function learnToInvert(
  engine: Engine,
  { count, features, images }: TrainingPairs,
  { hidden, epochs, batchSize, learningRate, random, signal, progress }: InversionTraining,
): Promise<{ weights: Float32Array; cost: number }> {
  const [width, pixels] = [features.length / count, images.length / count];
  const network = inversionNetwork(width, pixels, hidden);
  const { layout } = network;
  const batch = Math.min(batchSize, count);
  const program = await engine.compile(regressionStep(network, batch));
  const zeros = () => layout.split(new Float32Array(layout.size));
  const start = network.initialize(random.derive('weights'));
  let state: readonly NdArray[] = [...layout.split(start), ...zeros(), ...zeros()];
  let cost = Number.POSITIVE_INFINITY;
  const steps = Math.floor(count / batch);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal.throwIfAborted();
      const order = random
        .derive('epoch', epoch)
        .permutation(count)
        .subarray(0, steps * batch);
      const rate = 0.5 * learningRate * (1 + Math.cos((Math.PI * epoch) / epochs));
      const sizes = Float32Array.from({ length: steps }, (_, step) =>
        adamStepSize(rate, epoch * steps + step),
      );
      const result = await program.run({
        steps,
        state,
        perStep: [
          { shape: [steps, batch, width], data: rowsOf(features, width, order) },
          { shape: [steps, batch, pixels], data: rowsOf(images, pixels, order) },
          { shape: [steps], data: sizes },
        ],
      });
      state = result.state;
      cost = 0;
      for (const error of (result.outputs[0] as NdArray).data) cost += error / steps;
      progress((epoch + 1) / epochs);
    }
  } finally {
    program.dispose();
  }
  return { weights: layout.join(state.slice(0, layout.entries.length)), cost };
}

/**
 * Draws images from features with a learned network.
 *
 * @param features of the updates to invert, [n, features]
 * @returns images [n, pixels], not clipped
 */
export async function drawImages(
  engine: Engine,
  { width, pixels, hidden }: { width: number; pixels: number; hidden: number },
  learned: Float32Array,
  features: Float32Array,
): Promise<Float32Array> {
  const network = inversionNetwork(width, pixels, hidden);
  const weights = network.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' as const }));
  const program = await engine.compile({
    name: 'inversion-network/draw',
    state: [],
    constants: weights,
    perStep: [{ shape: [1, width], dtype: 'float32' }],
    step: ({ constants, perStep }) => ({
      state: [],
      outputs: [network.logits([...constants], perStep[0] as Tensor)],
    }),
  });
  try {
    const steps = features.length / width;
    const { outputs } = await program.run({
      steps,
      state: [],
      constants: network.layout.split(learned),
      perStep: [{ shape: [steps, 1, width], data: features }],
    });
    return (outputs[0] as NdArray).data as Float32Array;
  } finally {
    program.dispose();
  }
}

function rowsOf(values: Float32Array, width: number, order: Uint32Array): Float32Array {
  const rows = new Float32Array(order.length * width);
  order.forEach((row, at) => {
    rows.set(values.subarray(row * width, (row + 1) * width), at * width);
  });
  return rows;
}
