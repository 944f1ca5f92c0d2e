import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, NdArray, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';
import { labelledLoss } from '../../src/models/training-step.ts';
import type { CoordinateSet } from '../../src/view/partial-vector.ts';

/** A sample's gradient g = ∇ℓ(x; w) beside directions d, over a set of coordinates. */
export interface GradientMeasures {
  /** ⟨g, d⟩ of each direction, one per sample. */
  readonly products: readonly Float64Array[];
  /** ‖g‖². */
  readonly squares: Float64Array;
}

/** Measures single samples' gradients inside the compiled program, so that none is ever written out. */
export class SampleGradients {
  readonly #model: Model;
  readonly #engine: Engine;
  /** By the number of directions. */
  readonly #programs = new Map<number, Promise<Program>>();

  constructor(model: Model, engine: Engine) {
    this.#model = model;
    this.#engine = engine;
  }

  /**
   * @param weights where the gradients are taken, [N]
   * @param directions at least one, each [N]
   * @param set the coordinates that count; the others enter neither number
   */
  async measure(
    weights: Float32Array,
    { count, inputs, labels }: LabelledSamples,
    directions: readonly Float32Array[],
    set: CoordinateSet,
    signal: AbortSignal,
  ): Promise<GradientMeasures> {
    const { layout, inputShape } = this.#model;
    const width = directions.length;
    const program =
      this.#programs.get(width) ?? this.#engine.compile(measureStep(this.#model, width));
    this.#programs.set(width, program);
    const counted = Float32Array.from(set);
    const { outputs } = await (await program).run({
      ...{ steps: count, state: [], signal },
      constants: [
        ...layout.split(weights),
        ...layout.split(counted),
        ...layout.entries.map(({ offset, size }): NdArray => {
          const data = new Float32Array(width * size);
          directions.forEach((direction, row) => {
            for (let at = 0; at < size; at++)
              data[row * size + at] =
                (direction[offset + at] as number) * (counted[offset + at] as number);
          });
          return { shape: [width, size], data };
        }),
      ],
      perStep: [
        { shape: [count, 1, ...inputShape], data: inputs },
        { shape: [count, 1], data: labels },
      ],
    });
    const [products, squares] = outputs as [NdArray, NdArray];
    return {
      products: directions.map((_, row) =>
        Float64Array.from({ length: count }, (_, at) => products.data[at * width + row] as number),
      ),
      squares: Float64Array.from(squares.data),
    };
  }

  async close(): Promise<void> {
    for (const program of await Promise.allSettled(this.#programs.values()))
      if (program.status === 'fulfilled') program.value.dispose();
  }
}

/** Constants: parameters, coordinate set and directions per tensor. Per step: one sample. */
function measureStep(model: Model, width: number): ProgramDefinition {
  const { entries } = model.layout;
  const tensors = entries.map(({ shape }) => ({ shape, dtype: 'float32' }) as const);
  const trained = entries.flatMap(({ kind }, at) => (kind === 'buffer' ? [] : [at]));
  return {
    name: `${model.id}/sample-gradients`,
    state: [],
    constants: [
      ...tensors,
      ...tensors,
      ...entries.map(({ size }) => ({ shape: [width, size], dtype: 'float32' }) as const),
    ],
    perStep: [
      { shape: [1, ...model.inputShape], dtype: 'float32' },
      { shape: [1], dtype: 'int32' },
    ],
    step({ constants, perStep }) {
      const [input, label] = perStep as [Tensor, Tensor];
      const parameters = constants.slice(0, entries.length);
      const loss = (...weights: Tensor[]) => {
        const all = [...parameters];
        trained.forEach((at, index) => {
          all[at] = weights[index] as Tensor;
        });
        return labelledLoss(model, all, input, label);
      };
      const at = trained.map((entry) => parameters[entry] as Tensor);
      const gradients = tf.grads(loss)(at);
      const sumOver = (measure: (gradient: Tensor, entry: number) => Tensor) =>
        tf.addN(gradients.map((gradient, index) => measure(gradient, trained[index] as number)));
      const constant = (block: number, entry: number) =>
        constants[block * entries.length + entry] as Tensor;
      return {
        state: [],
        outputs: [
          sumOver((g, entry) =>
            tf.matMul(constant(2, entry) as Tensor2D, tf.reshape(g, [-1, 1]) as Tensor2D),
          ),
          sumOver((g, entry) => tf.sum(tf.mul(tf.square(g), constant(1, entry)))),
        ],
      };
    },
  };
}
