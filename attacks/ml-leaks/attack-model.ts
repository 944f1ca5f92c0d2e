import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttackContext } from '../../src/api/attack.ts';
import type { NdArray, ProgramDefinition, TensorSpec } from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import { adamStep, adamStepSize } from '../optimisers/adam.ts';
import type { MlLeaksParams } from './params.ts';
import { TOP } from './posteriors.ts';
import type { ShadowPosteriors } from './shadow-model.ts';

/** Logit of "member" for one sample's top posteriors. */
export type AttackModel = (posteriors: ArrayLike<number>) => number;

/** Adam steps per call of the engine. */
const CHUNK = 100;

/** Shapes of the attack model: one hidden layer of ReLUs, one output. */
function layers(hiddenUnits: number): number[][] {
  return [[TOP, hiddenUnits], [hiddenUnits], [hiddenUnits, 1], [1]];
}

function memberLogits(parameters: readonly Tensor[], rows: Tensor): Tensor {
  const [hidden, hiddenBias, output, outputBias] = parameters as [Tensor, Tensor, Tensor, Tensor];
  const activations = tf.relu(tf.add(tf.matMul(rows, hidden), hiddenBias));
  return tf.add(tf.matMul(activations, output), outputBias);
}

/** One full-batch Adam step on the logistic loss. State: parameters, then Adam's two moments. */
function attackModelStep(rows: number, hiddenUnits: number): ProgramDefinition {
  const shapes = layers(hiddenUnits).map((shape): TensorSpec => ({ shape, dtype: 'float32' }));
  return {
    name: 'ml-leaks/attack-model',
    state: [...shapes, ...shapes, ...shapes],
    constants: [
      { shape: [rows, TOP], dtype: 'float32' },
      { shape: [rows, 1], dtype: 'float32' },
    ],
    perStep: [{ shape: [], dtype: 'float32' }],
    step({ state, constants, perStep }) {
      const [features, signs] = constants as [Tensor, Tensor];
      const [stepSize] = perStep as [Tensor];
      const count = shapes.length;
      const loss = (...parameters: Tensor[]) =>
        tf.mean(tf.softplus(tf.neg(tf.mul(signs, memberLogits(parameters, features)))));
      const gradients = tf.grads(loss)(state.slice(0, count));
      const next = gradients.map((gradient, at) => {
        const [point, mean, square] = [at, at + count, at + 2 * count].map((i) => state[i]);
        return adamStep({ point, mean, square } as Adam, gradient, stepSize);
      });
      return {
        state: [
          ...next.map(({ point }) => point),
          ...next.map(({ mean }) => mean),
          ...next.map(({ square }) => square),
        ],
        outputs: [],
      };
    },
  };
}

type Adam = Parameters<typeof adamStep>[0];

/** Learns to tell the shadow model's members from the others by their top posteriors. */
export async function trainAttackModel(
  { members, nonMembers }: ShadowPosteriors,
  { engine, params, random, signal }: AttackContext<MlLeaksParams>,
): Promise<AttackModel> {
  const { hiddenUnits, attackIterations, attackLearningRate } = params;
  const raw = Float32Array.from([...members, ...nonMembers]);
  const rows = raw.length / TOP;
  const standardise = standardisation(raw);
  const features = raw.map((value, at) => standardise(value, at % TOP));
  const signs = Float32Array.from({ length: rows }, (_, row) =>
    row < members.length / TOP ? 1 : -1,
  );
  const constants: NdArray[] = [
    { shape: [rows, TOP], data: features },
    { shape: [rows, 1], data: signs },
  ];

  const program = await engine.compile(attackModelStep(rows, hiddenUnits));
  try {
    let state = initialState(hiddenUnits, random.derive('ml-leaks', 'attack model'));
    for (let done = 0; done < attackIterations; done += CHUNK) {
      signal.throwIfAborted();
      const data = Float32Array.from(
        { length: Math.min(CHUNK, attackIterations - done) },
        (_, step) => adamStepSize(attackLearningRate, done + step),
      );
      const perStep = [{ shape: [data.length], data }];
      ({ state } = await program.run({ steps: data.length, state, constants, perStep }));
    }
    const [hidden, hiddenBias, output, outputBias] = state.map(({ data }) => data) as Data[];
    return (posteriors) => {
      let logit = outputBias?.[0] as number;
      for (let unit = 0; unit < hiddenUnits; unit++) {
        let sum = hiddenBias?.[unit] as number;
        for (let rank = 0; rank < TOP; rank++)
          sum +=
            standardise(posteriors[rank] as number, rank) *
            (hidden?.[rank * hiddenUnits + unit] as number);
        logit += Math.max(0, sum) * (output?.[unit] as number);
      }
      return logit;
    };
  } finally {
    program.dispose();
  }
}

type Data = NdArray['data'];

/** He-normal weights, zero biases and moments. */
function initialState(hiddenUnits: number, random: RandomStream): readonly NdArray[] {
  const zeros = () =>
    layers(hiddenUnits).map((shape) => ({
      shape,
      data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
    }));
  const parameters = zeros();
  for (const { shape, data } of parameters)
    if (shape.length === 2)
      data.forEach((_, at) => {
        data[at] = random.normal() * Math.sqrt(2 / (shape[0] as number));
      });
  return [...parameters, ...zeros(), ...zeros()];
}

/** Maps each of the `TOP` columns to mean 0 and deviation 1 over the shadow's rows. */
function standardisation(rows: Float32Array): (value: number, rank: number) => number {
  const columns = Array.from({ length: TOP }, (_, rank) => {
    const values = rows.filter((_, at) => at % TOP === rank);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
  return (value, rank) => {
    const { mean, deviation } = columns[rank] as { mean: number; deviation: number };
    return (value - mean) / deviation;
  };
}
