import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, NdArray, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { Model } from '../../src/models/model.ts';
import { labelledLoss } from '../../src/models/training-step.ts';

/** Gradients held in memory at once: of LeNet-5, some 6 MB. */
const CHUNK = 25;

/** Computes single samples' gradients, [N] each, and hands them over one by one. */
export class CandidateGradients {
  readonly #model: Model;
  readonly #program: Program;

  private constructor(model: Model, program: Program) {
    this.#model = model;
    this.#program = program;
  }

  static async open(model: Model, engine: Engine): Promise<CandidateGradients> {
    return new CandidateGradients(model, await engine.compile(gradientOfOne(model)));
  }

  /** @param receive gets g = ∇ℓ(x; w), 0 at buffers; valid during the call only */
  async each(
    weights: Float32Array,
    { count, inputs, labels }: LabelledSamples,
    signal: AbortSignal,
    receive: (gradient: Float32Array, at: number) => void,
  ): Promise<void> {
    const { layout, inputShape } = this.#model;
    const size = inputs.length / count;
    for (let first = 0; first < count; first += CHUNK) {
      signal.throwIfAborted();
      const steps = Math.min(CHUNK, count - first);
      const { outputs } = await this.#program.run({
        steps,
        state: [],
        constants: layout.split(weights),
        perStep: [
          {
            shape: [steps, 1, ...inputShape],
            data: inputs.subarray(first * size, (first + steps) * size),
          },
          { shape: [steps, 1], data: labels.subarray(first, first + steps) },
        ],
      });
      const gradients = (outputs[0] as NdArray).data as Float32Array;
      for (let at = 0; at < steps; at++)
        receive(gradients.slice(at * layout.size, (at + 1) * layout.size), first + at);
    }
  }

  close(): void {
    this.#program.dispose();
  }
}

/** Constants: parameters. Per step: one sample. Output: its gradient, flat. */
function gradientOfOne(model: Model): ProgramDefinition {
  const { entries } = model.layout;
  const trained = entries.flatMap(({ kind }, at) => (kind === 'buffer' ? [] : [at]));
  return {
    name: `${model.id}/candidate-gradient`,
    state: [],
    constants: entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    perStep: [
      { shape: [1, ...model.inputShape], dtype: 'float32' },
      { shape: [1], dtype: 'int32' },
    ],
    step({ constants, perStep }) {
      const [input, label] = perStep as [Tensor, Tensor];
      const loss = (...weights: Tensor[]) => {
        const all = [...constants];
        trained.forEach((at, index) => {
          all[at] = weights[index] as Tensor;
        });
        return labelledLoss(model, all, input, label);
      };
      const gradients = tf.grads(loss)(trained.map((at) => constants[at] as Tensor));
      const flat = entries.map(({ size }, at) => {
        const gradient = gradients[trained.indexOf(at)];
        return gradient ? tf.reshape(gradient, [size]) : tf.zeros([size]);
      });
      return { state: [], outputs: [tf.concat(flat)] };
    },
  };
}
