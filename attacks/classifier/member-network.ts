import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type {
  Engine,
  NdArray,
  Program,
  ProgramDefinition,
  TensorSpec,
} from '../../src/engine/program.ts';
import type { RandomStream } from '../../src/engine/random.ts';
import { tf } from '../../src/engine/tensors.ts';
import { adamStep, adamStepSize } from '../optimisers/adam.ts';
import { stack, standardisation, type Table } from './standardise.ts';

/** A fully connected network that tells members from others by a row of features. */
export interface NetworkShape {
  /** Widths of the parts a row is made of; each has a hidden layer of its own. */
  readonly parts: readonly number[];
  /** ReLUs in each part's hidden layer. */
  readonly partUnits: number;
  /** ReLUs of the layers that follow on all parts together; none: the output follows at once. */
  readonly encoder: readonly number[];
}

export interface NetworkTraining {
  /** Full-batch Adam steps. */
  readonly iterations: number;
  readonly learningRate: number;
  /** Factor of ‖weights‖² in the loss, biases left out. */
  readonly decay: number;
  /** Features are cut at so many standard deviations. */
  readonly limit: number;
}

/** Logit of "member" for a row of features. */
export type MemberLogit = (features: ArrayLike<number>) => number;

/** Adam steps per call of the engine. */
const CHUNK = 100;

/** One network shape, compiled for a number of rows; trained as often as wanted. */
export class MemberNetwork {
  readonly #shape: NetworkShape;
  readonly #training: NetworkTraining;
  readonly #program: Program;

  private constructor(shape: NetworkShape, training: NetworkTraining, program: Program) {
    this.#shape = shape;
    this.#training = training;
    this.#program = program;
  }

  /** @param rows how many it will be trained on */
  static async open(
    engine: Engine,
    rows: number,
    shape: NetworkShape,
    training: NetworkTraining,
  ): Promise<MemberNetwork> {
    const program = await engine.compile(logisticStep(rows, shape, training.decay));
    return new MemberNetwork(shape, training, program);
  }

  /**
   * Learns to tell members from others.
   *
   * @param members, nonMembers rows of features, as many in all as the network was opened for
   */
  async train(
    members: Table,
    nonMembers: Table,
    { random, signal }: { readonly random: RandomStream; readonly signal: AbortSignal },
  ): Promise<MemberLogit> {
    const { iterations, learningRate, limit } = this.#training;
    const { width } = members;
    const raw = stack(members, nonMembers);
    const rows = raw.values.length / width;
    const standardise = standardisation(raw, limit);
    const features = raw.values.map((value, at) => standardise(value, at % width));
    const signs = Float32Array.from({ length: rows }, (_, row) =>
      row < members.values.length / width ? 1 : -1,
    );
    const constants: NdArray[] = [
      { shape: [rows, width], data: features },
      { shape: [rows, 1], data: signs },
    ];
    let state = initialState(this.#shape, random);
    for (let done = 0; done < iterations; done += CHUNK) {
      signal.throwIfAborted();
      const data = Float32Array.from({ length: Math.min(CHUNK, iterations - done) }, (_, step) =>
        adamStepSize(learningRate, done + step),
      );
      const perStep = [{ shape: [data.length], data }];
      ({ state } = await this.#program.run({
        ...{ steps: data.length, state, constants, perStep, signal },
      }));
    }
    const layers = layersOf(this.#shape).map(({ inputs, units }, at) => ({
      ...{ inputs, units },
      weights: state[2 * at]?.data as Float32Array,
      biases: state[2 * at + 1]?.data as Float32Array,
    }));
    return (row) => evaluate(this.#shape, layers, Float64Array.from(row, standardise));
  }

  close(): void {
    this.#program.dispose();
  }
}

interface Layer {
  readonly inputs: number;
  readonly units: number;
}

/** The dense layers: one per part, the encoder's, the output. */
function layersOf({ parts, partUnits, encoder }: NetworkShape): Layer[] {
  const widths = [parts.length * partUnits, ...encoder, 1];
  return [
    ...parts.map((inputs) => ({ inputs, units: partUnits })),
    ...widths.slice(1).map((units, at) => ({ inputs: widths[at] as number, units })),
  ];
}

/** Weights and biases in turn. */
function parameterShapes(shape: NetworkShape): number[][] {
  return layersOf(shape).flatMap(({ inputs, units }) => [[inputs, units], [units]]);
}

/** Logits of "member", [rows, 1]. */
function memberLogits(shape: NetworkShape, parameters: readonly Tensor[], rows: Tensor): Tensor {
  const dense = (x: Tensor, layer: number) =>
    tf.add(
      tf.matMul(x as Tensor2D, parameters[2 * layer] as Tensor2D),
      parameters[2 * layer + 1] as Tensor,
    );
  const count = rows.shape[0] as number;
  const starts = startsOf(shape.parts);
  const hidden = shape.parts.map((width, part) =>
    tf.relu(dense(tf.slice(rows, [0, starts[part] as number], [count, width]), part)),
  );
  let activations = hidden.length === 1 ? (hidden[0] as Tensor) : tf.concat(hidden, 1);
  const last = layersOf(shape).length - 1;
  for (let layer = shape.parts.length; layer < last; layer++)
    activations = tf.relu(dense(activations, layer));
  return dense(activations, last);
}

/** One full-batch Adam step on the logistic loss. State: parameters, then Adam's two moments. */
function logisticStep(rows: number, shape: NetworkShape, decay: number): ProgramDefinition {
  const width = shape.parts.reduce((sum, part) => sum + part, 0);
  const shapes = parameterShapes(shape).map((dims): TensorSpec => {
    return { shape: dims, dtype: 'float32' };
  });
  return {
    name: 'member-network',
    state: [...shapes, ...shapes, ...shapes],
    constants: [
      { shape: [rows, width], dtype: 'float32' },
      { shape: [rows, 1], dtype: 'float32' },
    ],
    perStep: [{ shape: [], dtype: 'float32' }],
    step({ state, constants, perStep }) {
      const [features, signs] = constants as [Tensor, Tensor];
      const [stepSize] = perStep as [Tensor];
      const count = shapes.length;
      const loss = (...parameters: Tensor[]) => {
        const margins = tf.mul(signs, memberLogits(shape, parameters, features));
        const fit = tf.mean(tf.softplus(tf.neg(margins)));
        if (decay === 0) return fit;
        const norms = parameters
          .filter(({ rank }) => rank === 2)
          .map((weights) => tf.sum(tf.square(weights)));
        return tf.add(fit, tf.mul(tf.addN(norms), decay));
      };
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

/** He-normal weights, zero biases and moments. */
function initialState(shape: NetworkShape, random: RandomStream): readonly NdArray[] {
  const zeros = () =>
    parameterShapes(shape).map((dims) => ({
      shape: dims,
      data: new Float32Array(dims.reduce((product, length) => product * length, 1)),
    }));
  const parameters = zeros();
  for (const { shape: dims, data } of parameters)
    if (dims.length === 2)
      data.forEach((_, at) => {
        data[at] = random.normal() * Math.sqrt(2 / (dims[0] as number));
      });
  return [...parameters, ...zeros(), ...zeros()];
}

type TrainedLayer = Layer & { readonly weights: Float32Array; readonly biases: Float32Array };

/** The network's answer to one row, in plain numbers. */
function evaluate(
  { parts }: NetworkShape,
  layers: readonly TrainedLayer[],
  row: Float64Array,
): number {
  const starts = startsOf(parts);
  let activations = Float64Array.from(
    parts.flatMap((width, part) => {
      const start = starts[part] as number;
      const x = row.subarray(start, start + width);
      return [...denseOf(layers[part] as TrainedLayer, x).map((value) => Math.max(0, value))];
    }),
  );
  const rest = layers.slice(parts.length);
  for (const layer of rest.slice(0, -1))
    activations = denseOf(layer, activations).map((value) => Math.max(0, value));
  return denseOf(rest.at(-1) as TrainedLayer, activations)[0] as number;
}

function denseOf({ inputs, units, weights, biases }: TrainedLayer, x: Float64Array): Float64Array {
  const y = Float64Array.from(biases);
  for (let input = 0; input < inputs; input++) {
    const value = x[input] as number;
    for (let unit = 0; unit < units; unit++)
      y[unit] = (y[unit] as number) + value * (weights[input * units + unit] as number);
  }
  return y;
}

function startsOf(parts: readonly number[]): number[] {
  return parts.map((_, part) => parts.slice(0, part).reduce((sum, width) => sum + width, 0));
}
