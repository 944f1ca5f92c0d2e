import { createHash } from 'node:crypto';
import type { AttackContext } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { LogitsQuery } from '../query/logits.ts';
import { ML_LEAKS_VERSION, type MlLeaksParams } from './params.ts';
import { TOP, topPosteriors } from './posteriors.ts';
import { trainBySgd } from './sgd.ts';

/** Top posteriors of the shadow model, rows of `TOP` values. */
export interface ShadowPosteriors {
  /** On the half it was trained on. */
  readonly members: Float32Array;
  /** On the other half. */
  readonly nonMembers: Float32Array;
}

/**
 * Trains the shadow model as a client would, on one half of the attacker's own samples, and asks it
 * about both halves. Done once per run: it depends on nothing a defense changes.
 */
export async function shadowPosteriors(
  hyper: ServerView['hyper'],
  own: LabelledSamples,
  context: AttackContext<MlLeaksParams>,
): Promise<ShadowPosteriors> {
  const { model, engine, params, signal } = context;
  const random = context.random.derive('ml-leaks', 'shadow');
  const half = Math.floor(own.count / 2);
  const learningRate = params.learningRate ?? hyper.learningRate;
  const batchSize = Math.min(params.batchSize ?? hyper.batchSize, half);
  const training = { epochs: params.epochs, batchSize, learningRate };

  const posteriors = await context.once(
    [
      'ml-leaks/shadow',
      ML_LEAKS_VERSION,
      model.id,
      engine.id,
      ...Object.values(training),
      fingerprint(own),
      random.derive('name').integer(2 ** 32),
    ],
    async () => {
      const order = random.derive('halves').permutation(own.count);
      const members = pick(own, order.subarray(0, half));
      const nonMembers = pick(own, order.subarray(half, 2 * half));
      const shadow = await trainBySgd(model, members, training, engine, random, signal);
      const query = await LogitsQuery.open(model, engine);
      try {
        const onMembers = await query.ask(shadow, members);
        const onNonMembers = await query.ask(shadow, nonMembers);
        return Float32Array.from(
          [onMembers, onNonMembers].flatMap((logits) => topRows(logits, model.classes)),
        );
      } finally {
        query.close();
      }
    },
  );
  return {
    members: posteriors.subarray(0, half * TOP),
    nonMembers: posteriors.subarray(half * TOP),
  };
}

function topRows(logits: Float32Array, classes: number): number[] {
  return Array.from({ length: logits.length / classes }, (_, row) => [
    ...topPosteriors(logits.subarray(row * classes, (row + 1) * classes)),
  ]).flat();
}

function pick(samples: LabelledSamples, rows: Uint32Array): LabelledSamples {
  const size = samples.inputs.length / samples.count;
  const inputs = new Float32Array(rows.length * size);
  rows.forEach((row, at) => {
    inputs.set(samples.inputs.subarray(row * size, (row + 1) * size), at * size);
  });
  return {
    count: rows.length,
    inputShape: samples.inputShape,
    inputs,
    labels: Int32Array.from(rows, (row) => samples.labels[row] as number),
  };
}

/** Names the attacker's own samples, so that runs with other samples never share a shadow model. */
function fingerprint({ inputs, labels }: LabelledSamples): string {
  return createHash('sha256').update(inputs).update(labels).digest('hex').slice(0, 16);
}
