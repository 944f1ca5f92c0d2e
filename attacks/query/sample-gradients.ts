import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, NdArray, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import { crossEntropy } from '../../src/models/loss.ts';
import type { Model } from '../../src/models/model.ts';
import type { CoordinateSet } from '../../src/view/partial-vector.ts';

/** A sample's gradient g = ∇ℓ(x; w) beside a direction d, over a set of coordinates. */
export interface GradientMeasures {
  /** ⟨g, d⟩, one per sample. */
  readonly products: Float64Array;
  /** ‖g‖². */
  readonly squares: Float64Array;
}

/** Measures single samples' gradients inside the compiled program, so that none is ever written out. */
export class SampleGradients {
  readonly #model: Model;
  readonly #program: Program;

  private constructor(model: Model, program: Program) {
    this.#model = model;
    this.#program = program;
  }

  static async open(model: Model, engine: Engine): Promise<SampleGradients> {
    return new SampleGradients(model, await engine.compile(measureStep(model)));
  }

  /**
   * @param weights where the gradients are taken, [N]
   * @param direction [N]
   * @param set the coordinates that count; the others enter neither number
   */
  async measure(
    weights: Float32Array,
    { count, inputs, labels }: LabelledSamples,
    direction: Float32Array,
    set: CoordinateSet,
    signal: AbortSignal,
  ): Promise<GradientMeasures> {
    const { layout, inputShape } = this.#model;
    const counted = Float32Array.from(set);
    const constants: NdArray[] = [
      ...layout.split(weights),
      ...layout.split(direction.map((value, at) => value * (counted[at] as number))),
      ...layout.split(counted),
    ];
    const { outputs } = await this.#program.run({
      ...{ steps: count, state: [], constants, signal },
      perStep: [
        { shape: [count, 1, ...inputShape], data: inputs },
        { shape: [count, 1], data: labels },
      ],
    });
    const [products, squares] = outputs.map(({ data }) => Float64Array.from(data)) as [
      Float64Array,
      Float64Array,
    ];
    return { products, squares };
  }

  close(): void {
    this.#program.dispose();
  }
}

/** Constants: parameters, direction and coordinate set per tensor. Per step: one sample. */
function measureStep(model: Model): ProgramDefinition {
  const { entries } = model.layout;
  const tensors = entries.map(({ shape }) => ({ shape, dtype: 'float32' }) as const);
  const trained = entries.flatMap(({ kind }, at) => (kind === 'buffer' ? [] : [at]));
  return {
    name: `${model.id}/sample-gradients`,
    state: [],
    constants: [...tensors, ...tensors, ...tensors],
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
        return crossEntropy(model.logits(all, input), label);
      };
      const at = trained.map((entry) => parameters[entry] as Tensor);
      const gradients = tf.grads(loss)(at);
      const sumOver = (measure: (gradient: Tensor, entry: number) => Tensor) =>
        tf.addN(
          gradients.map((gradient, index) => tf.sum(measure(gradient, trained[index] as number))),
        );
      return {
        state: [],
        outputs: [
          sumOver((g, entry) => tf.mul(g, constants[entries.length + entry] as Tensor)),
          sumOver((g, entry) =>
            tf.mul(tf.square(g), constants[2 * entries.length + entry] as Tensor),
          ),
        ],
      };
    },
  };
}
