import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { ParameterLayout } from '../../src/models/layout.ts';
import { crossEntropy } from '../../src/models/loss.ts';
import type { Model } from '../../src/models/model.ts';
import type { Table } from '../classifier/standardise.ts';
import { logProbabilities } from '../query/logits.ts';

/** Samples per run: an abort takes effect between runs. */
const SAMPLES_PER_RUN = 100;

/**
 * What a model's owner can compute of a sample: outputs, label, loss, the last layer's gradient and
 * the norm of every tensor's gradient.
 */
export class SampleFeatures {
  readonly #model: Model;
  readonly #program: Program;

  private constructor(model: Model, program: Program) {
    this.#model = model;
    this.#program = program;
  }

  static async open(model: Model, engine: Engine): Promise<SampleFeatures> {
    return new SampleFeatures(model, await engine.compile(featureStep(model)));
  }

  /** One row of features per sample, in parts as wide as `featureParts` says. */
  async of(
    weights: Float32Array,
    { count, inputs, labels }: LabelledSamples,
    signal: AbortSignal,
  ): Promise<Table> {
    const { layout, inputShape, classes } = this.#model;
    const size = inputs.length / count;
    const width = featureParts(this.#model).reduce((sum, part) => sum + part, 0);
    const values = new Float32Array(count * width);
    const constants = layout.split(weights);
    for (let first = 0; first < count; first += SAMPLES_PER_RUN) {
      signal.throwIfAborted();
      const steps = Math.min(SAMPLES_PER_RUN, count - first);
      const { outputs } = await this.#program.run({
        steps,
        state: [],
        constants,
        perStep: [
          {
            shape: [steps, 1, ...inputShape],
            data: inputs.subarray(first * size, (first + steps) * size),
          },
          { shape: [steps, 1], data: labels.subarray(first, first + steps) },
        ],
      });
      const rowOf = (output: number, step: number) => {
        const { data } = outputs[output] as { data: ArrayLike<number> };
        const length = data.length / steps;
        return Array.from({ length }, (_, at) => data[step * length + at] as number);
      };
      for (let step = 0; step < steps; step++) {
        const label = labels[first + step] as number;
        const logP = logProbabilities(rowOf(0, step));
        const row = [
          ...logP.map(Math.exp),
          ...Array.from({ length: classes }, (_, at) => (at === label ? 1 : 0)),
          -(logP[label] as number),
          ...rowOf(1, step),
          // Norms span orders of magnitude.
          ...rowOf(2, step).map((square) => Math.log(square + SMALLEST_SQUARE) / 2),
        ];
        values.set(row, (first + step) * width);
      }
    }
    return { width, values };
  }

  close(): void {
    this.#program.dispose();
  }
}

/** Below this, a squared gradient norm is rounding. */
const SMALLEST_SQUARE = 1e-20;

/** Widths of a row's parts: outputs, label, loss, last layer's gradient, norms. */
export function featureParts({ layout, classes }: Model): number[] {
  const last = lastLayer(layout);
  return [
    classes,
    classes,
    1,
    last.reduce((sum, { size }) => sum + size, 0),
    trainedEntries(layout).length,
  ];
}

/** Per step one sample. Outputs: logits, the last layer's gradient, every tensor's squared norm. */
function featureStep(model: Model): ProgramDefinition {
  const { layout } = model;
  const trained = trainedEntries(layout);
  const last = lastLayer(layout);
  return {
    name: `${model.id}/white-box-features`,
    state: [],
    constants: layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
    perStep: [
      { shape: [1, ...model.inputShape], dtype: 'float32' },
      { shape: [1], dtype: 'int32' },
    ],
    step({ constants, perStep }) {
      const [input, label] = perStep as [Tensor, Tensor];
      const places = trained.map((entry) => layout.entries.indexOf(entry));
      const loss = (...weights: Tensor[]) => {
        const all = [...constants];
        places.forEach((place, index) => {
          all[place] = weights[index] as Tensor;
        });
        return crossEntropy(model.logits(all, input), label);
      };
      const gradients = tf.grads(loss)(places.map((place) => constants[place] as Tensor));
      const ofLast = last.map((entry) => gradients[trained.indexOf(entry)] as Tensor);
      return {
        state: [],
        outputs: [
          tf.reshape(model.logits(constants, input), [-1]),
          tf.concat(ofLast.map((gradient) => tf.reshape(gradient, [-1]))),
          tf.stack(gradients.map((gradient) => tf.sum(tf.square(gradient)))),
        ],
      };
    },
  };
}

function trainedEntries({ entries }: ParameterLayout) {
  return entries.filter(({ kind }) => kind !== 'buffer');
}

function lastLayer(layout: ParameterLayout) {
  const trained = trainedEntries(layout);
  const last = Math.max(...trained.map(({ layer }) => layer));
  return trained.filter(({ layer }) => layer === last);
}
