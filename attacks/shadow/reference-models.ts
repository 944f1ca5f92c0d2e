import { type AttackContext, NotApplicable } from '../../src/api/attack.ts';
import { takeSamples } from '../../src/data/samples.ts';
import { type RandomStream, randomStream } from '../../src/engine/random.ts';
import { sideBySide } from '../../src/engine/side-by-side.ts';
import type { AuxiliaryKnowledge } from '../../src/view/auxiliary.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { confidences } from '../query/confidence.ts';
import { LogitsQuery } from '../query/logits.ts';
import { identityOf } from './identity.ts';
import { poolSamples } from './sample-pool.ts';
import { SgdTrainer } from './sgd.ts';
import { likeClients, type ShadowTrainingParams } from './training.ts';

/** Raised whenever the same input could give other reference models. */
const VERSION = 1;

/**
 * What the reference models may be trained on. `online`: the candidates too, each in half of the
 * models: the attacker has the samples it asks about, and may train on them. `offline`: the
 * attacker's own samples only, so that every candidate is out of every model.
 */
export type ReferenceMode = 'online' | 'offline';

export interface ReferenceParams extends ShadowTrainingParams {
  readonly mode: ReferenceMode;
  readonly references: number;
}

/** What the reference models answer to one sample: confidences φ, see `confidence`. */
export interface ReferenceAnswers {
  /** Of models trained on the sample. */
  readonly in: Float64Array;
  /** Of the others. */
  readonly out: Float64Array;
}

/** What one reference model answers to the attacker's own samples. */
export interface OwnAnswers {
  readonly phi: Float64Array;
  /** 1 where it was trained on the sample. */
  readonly members: Uint8Array;
}

export interface References {
  /** On the attacker's own samples, in their order. */
  readonly own: readonly ReferenceAnswers[];
  /** The same by model. */
  readonly ownByModel: readonly OwnAnswers[];
  /** On every victim's candidates. */
  readonly candidates: readonly (readonly ReferenceAnswers[])[];
}

/**
 * Trains the reference models of LiRA and RMIA as clients train, from the public initial model, and
 * asks each about every sample. Each sample is in exactly half of the models, drawn at random
 * (Carlini et al. 2022, §IV-A); models and answers are shared by all attacks and cells of a run.
 *
 * @param progress told how far the training is, 0 … 1
 * @throws {NotApplicable} when the attacker has fewer than 4 samples, or there is no question.
 */
export async function askReferences<P extends ReferenceParams>(
  view: Pick<ServerView, 'hyper' | 'initialModel'>,
  { shadow: own, membership }: AuxiliaryKnowledge,
  context: AttackContext<P>,
  progress: (fraction: number) => void,
): Promise<References> {
  if (membership.length === 0)
    throw new NotApplicable('The run has no victim clients, so there is no membership question.');
  if (own.count < 4)
    throw new NotApplicable(
      `The attacker has ${own.count} samples of its own; reference models need at least 4.`,
    );
  const { model, engine, params, signal } = context;
  const { mode, references } = params;
  const pool = poolSamples([own, ...membership.map(({ candidates }) => candidates)]);
  const [ownPlaces, ...candidatePlaces] = pool.places as [Uint32Array, ...Uint32Array[]];
  const { count } = pool.samples;
  const settings = likeClients(params, view);
  const identity = identityOf(view.initialModel, pool.samples);
  const random = randomStream(identity, 'reference models', mode, references);
  const trainedOn = drawSplit(
    mode === 'online' ? Uint32Array.from({ length: count }, (_, at) => at) : ownPlaces,
    { count, references, random: random.derive('split') },
  );
  const rows = trainedOn.map((set) =>
    Uint32Array.from([...set.keys()].filter((at) => set[at] === 1)),
  );
  const smallest = Math.min(...rows.map(({ length }) => length));
  if (smallest === 0)
    throw new NotApplicable(
      `With ${own.count} samples of its own the attacker has none for one of ${references} reference models.`,
    );
  const batchSize = Math.min(settings.batchSize, smallest);
  const { epochs, learningRate } = settings;

  const answers = await context.once(
    [
      ...['reference models', VERSION, identity, mode, references],
      ...[model.id, engine.id, epochs, batchSize, learningRate],
    ],
    async () => {
      const trainer = await SgdTrainer.open(model, engine, batchSize);
      const query = await LogitsQuery.open(model, engine);
      const answered = new Float32Array(references * count);
      let epochsDone = 0;
      try {
        await sideBySide(
          rows,
          () => engine.width,
          async (set, at) => {
            const weights = await trainer.train({
              start: view.initialModel,
              samples: takeSamples(pool.samples, set),
              ...{ epochs, learningRate, signal, random: random.derive('model', at) },
              progress: () => progress(++epochsDone / (epochs * references)),
            });
            const logits = await query.ask(weights, pool.samples);
            answered.set(confidences(logits, pool.samples.labels), at * count);
          },
        );
      } finally {
        trainer.close();
        query.close();
      }
      return answered;
    },
  );

  const answersTo = (place: number): ReferenceAnswers => {
    const where = (bit: number) =>
      Float64Array.from(
        trainedOn.flatMap((set, at) =>
          set[place] === bit ? [answers[at * count + place] as number] : [],
        ),
      );
    return { in: where(1), out: where(0) };
  };
  return {
    own: Array.from(ownPlaces, answersTo),
    ownByModel: trainedOn.map((set, at) => ({
      phi: Float64Array.from(ownPlaces, (place) => answers[at * count + place] as number),
      members: Uint8Array.from(ownPlaces, (place) => set[place] as number),
    })),
    candidates: candidatePlaces.map((places) => Array.from(places, answersTo)),
  };
}

/** Per model the samples it is trained on, 1 = in; each sample of `places` is in half of the models. */
function drawSplit(
  places: Uint32Array,
  {
    count,
    references,
    random,
  }: { readonly count: number; readonly references: number; readonly random: RandomStream },
): Uint8Array[] {
  const sets = Array.from({ length: references }, () => new Uint8Array(count));
  for (const place of new Set(places))
    for (const model of random.sample(references, references / 2))
      (sets[model] as Uint8Array)[place] = 1;
  return sets;
}
