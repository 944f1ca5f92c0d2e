import type { Tensor } from '@tensorflow/tfjs-core';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { Engine, Program, ProgramDefinition } from '../../src/engine/program.ts';
import { tf } from '../../src/engine/tensors.ts';
import type { ParameterLayout } from '../../src/models/layout.ts';
import type { Model } from '../../src/models/model.ts';
import { labelledLoss } from '../../src/models/training-step.ts';
import type { Table } from '../classifier/standardise.ts';
import { logProbabilities } from '../query/logits.ts';

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
    const width = featureParts(this.#model).reduce((sum, part) => sum + part, 0);
    const values = new Float32Array(count * width);
    const { outputs } = await this.#program.run({
      ...{ steps: count, state: [], constants: layout.split(weights), signal },
      perStep: [
        { shape: [count, 1, ...inputShape], data: inputs },
        { shape: [count, 1], data: labels },
      ],
    });
    const [logits, gradients, squares] = outputs.map(
      ({ data }) =>
        (sample: number) =>
          data.subarray((sample * data.length) / count, ((sample + 1) * data.length) / count),
    ) as [RowOf, RowOf, RowOf];
    labels.forEach((label, sample) => {
      const logP = logProbabilities(logits(sample));
      const row = [
        ...logP.map(Math.exp),
        ...Array.from({ length: classes }, (_, at) => (at === label ? 1 : 0)),
        -(logP[label] as number),
        ...gradients(sample),
        // Norms span orders of magnitude.
        ...Array.from(squares(sample), (square) => Math.log(square + SMALLEST_SQUARE) / 2),
      ];
      values.set(row, sample * width);
    });
    return { width, values };
  }

  close(): void {
    this.#program.dispose();
  }
}

type RowOf = (sample: number) => Float32Array | Int32Array;

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
        return labelledLoss(model, all, input, label);
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
