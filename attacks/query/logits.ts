import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, Program } from '../../src/engine/program.ts';
import type { Model } from '../../src/models/model.ts';

/** Samples per forward pass; the last one is filled up with zeros. */
const BATCH = 100;

/** Asks models of one architecture for their logits. */
export class LogitsQuery {
  readonly #model: Model;
  readonly #program: Program;

  private constructor(model: Model, program: Program) {
    this.#model = model;
    this.#program = program;
  }

  static async open(model: Model, engine: Engine): Promise<LogitsQuery> {
    const program = await engine.compile({
      name: `${model.id}/logits`,
      state: [],
      constants: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
      perStep: [{ shape: [BATCH, ...model.inputShape], dtype: 'float32' }],
      step: ({ constants, perStep }) => ({
        state: [],
        outputs: [model.logits(constants, perStep[0] as Tensor)],
      }),
    });
    return new LogitsQuery(model, program);
  }

  /** Logits [count, classes] of the model with these parameters. */
  async ask(parameters: Float32Array, { count, inputs }: LabelledSamples): Promise<Float32Array> {
    const { inputShape, classes, layout } = this.#model;
    const steps = Math.ceil(count / BATCH);
    const padded = new Float32Array((steps * BATCH * inputs.length) / count);
    padded.set(inputs);
    const { outputs } = await this.#program.run({
      steps,
      state: [],
      constants: layout.split(parameters),
      perStep: [{ shape: [steps, BATCH, ...inputShape], data: padded }],
    });
    const [logits] = outputs as [(typeof outputs)[number]];
    return Float32Array.from(logits.data.subarray(0, count * classes));
  }

  close(): void {
    this.#program.dispose();
  }
}

/** Log-probabilities of one sample's logits, in float64. */
export function logProbabilities(logits: ArrayLike<number>): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let label = 0; label < logits.length; label++)
    largest = Math.max(largest, logits[label] as number);
  let sum = 0;
  for (let label = 0; label < logits.length; label++)
    sum += Math.exp((logits[label] as number) - largest);
  return Float64Array.from(logits, (logit) => logit - largest - Math.log(sum));
}

/** Index of the largest value; the first of several. */
export function likeliest(values: ArrayLike<number>): number {
  let best = 0;
  for (let at = 1; at < values.length; at++)
    if ((values[at] as number) > (values[best] as number)) best = at;
  return best;
}
