import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, Program } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { LanguageModelling, Model } from '../../src/models/model.ts';

/** Sequences per forward pass; the last one is filled up with the token 0. */
const BATCH = 25;

/** Asks language models of one architecture for the losses of sequences. */
export class SequenceLosses {
  readonly #model: Model;
  readonly #program: Program;

  private constructor(model: Model, program: Program) {
    this.#model = model;
    this.#program = program;
  }

  static async open(
    model: Model,
    language: LanguageModelling,
    engine: Engine,
  ): Promise<SequenceLosses> {
    const program = await engine.compile({
      name: `${model.id}/sequence-losses`,
      state: [],
      constants: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
      perStep: [
        { shape: [BATCH, ...model.inputShape], dtype: 'float32' },
        { shape: [BATCH], dtype: 'int32' },
      ],
      step({ constants, perStep }) {
        const [inputs, labels] = perStep as [Tensor, Tensor];
        const targets = tf.cast(tf.oneHot(labels, model.classes), 'float32');
        return { state: [], outputs: [language.losses(constants, inputs, targets)] };
      },
    });
    return new SequenceLosses(model, program);
  }

  /** −ln p per token of every sequence, [count], in nats. */
  async ask(
    parameters: Float32Array,
    { count, inputs, labels }: LabelledSamples,
    signal: AbortSignal,
  ): Promise<Float64Array> {
    const { inputShape, layout } = this.#model;
    const steps = Math.ceil(count / BATCH);
    const paddedInputs = new Float32Array((steps * BATCH * inputs.length) / count);
    paddedInputs.set(inputs);
    const paddedLabels = new Int32Array(steps * BATCH);
    paddedLabels.set(labels);
    const { outputs } = await this.#program.run({
      ...{ steps, signal, state: [], constants: layout.split(parameters) },
      perStep: [
        { shape: [steps, BATCH, ...inputShape], data: paddedInputs },
        { shape: [steps, BATCH], data: paddedLabels },
      ],
    });
    const [losses] = outputs as [(typeof outputs)[number]];
    return Float64Array.from(losses.data.subarray(0, count));
  }

  close(): void {
    this.#program.dispose();
  }
}
