import { type AttackContext, NotApplicable } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { takeSamples } from '../../src/data/samples.ts';
import { type RandomStream, randomStream } from '../../src/engine/random.ts';
import { sideBySide } from '../../src/engine/side-by-side.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import type { AuxiliaryKnowledge, MembershipTarget } from '../../src/view/auxiliary.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import type { ShadowClient } from '../../src/view/shadow.ts';
import { confidences } from '../query/confidence.ts';
import { PREPARED } from '../query/each-victim.ts';
import { LogitsQuery } from '../query/logits.ts';
import { identityOf } from './identity.ts';
import { poolSamples } from './sample-pool.ts';
import { SgdTrainer } from './sgd.ts';
import { likeClients, type SgdSettings, type ShadowTrainingParams } from './training.ts';

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
  /** On the victims' candidates: of all victims, in the loop of one. */
  readonly candidates: readonly (readonly ReferenceAnswers[])[];
}

/** What a victim's candidates are compared with. */
export interface VictimReferences {
  readonly references: References;
  /** On the victim's own candidates, in their order. */
  readonly candidates: readonly ReferenceAnswers[];
}

/**
 * Trains the reference models of LiRA and RMIA as clients train and asks each about every sample. Each
 * sample is in exactly half of the models, drawn at random (Carlini et al. 2022, §IV-A).
 *
 * They start from the public initial model, and are shared by all attacks and cells of a run. In the
 * loop every victim has its own: clients of the attacker's in the victim's round, read as the defense
 * would have masked them.
 *
 * @throws {NotApplicable} when the attacker has fewer than 4 samples, or there is no question.
 */
export async function referencesFor<P extends ReferenceParams>(
  view: Pick<ServerView, 'hyper' | 'initialModel'>,
  aux: AuxiliaryKnowledge,
  context: AttackContext<P>,
): Promise<(victim: MembershipTarget, at: number) => Promise<VictimReferences>> {
  const { membership, shadow: own } = aux;
  if (membership.length === 0)
    throw new NotApplicable('The run has no victim clients, so there is no membership question.');
  if (own.count < 4)
    throw new NotApplicable(
      `The attacker has ${own.count} samples of its own; reference models need at least 4.`,
    );
  const { params, expose, shadowTransmissions, progress } = context;
  const settings = likeClients(params, view);
  if (shadowTransmissions)
    return async (victim) => {
      const { client, round } = victim;
      const { start } = expose({ client, round });
      const questions = { own, lists: [victim.candidates] };
      const references = await askReferences(questions, context, {
        ...{ ...settings, epochs: view.hyper.localEpochs, start },
        ...(view.hyper.proximal && { proximal: view.hyper.proximal }),
        read: async (shadow) => {
          const [exposed] = await shadowTransmissions({ client, round }, [shadow]);
          return (exposed as Exposure).model;
        },
      });
      return { references, candidates: references.candidates[0] ?? [] };
    };
  const lists = membership.map(({ candidates }) => candidates);
  const references = await askReferences({ own, lists }, context, {
    ...{ ...settings, start: view.initialModel },
    progress: (done) => progress(PREPARED * done),
  });
  return async (_, at) => ({ references, candidates: references.candidates[at] ?? [] });
}

interface ReferenceTraining extends SgdSettings {
  readonly start: Float32Array;
  /** μ of FedProx, where they are trained as clients are in a round; absent: none. */
  readonly proximal?: number;
  /** What the attacker reads of such a model; absent: the model itself. */
  readonly read?: (shadow: ShadowClient) => Promise<Float32Array>;
  /** Told how far the training is, 0 … 1. */
  readonly progress?: (fraction: number) => void;
}

async function askReferences<P extends ReferenceParams>(
  { own, lists }: { readonly own: LabelledSamples; readonly lists: readonly LabelledSamples[] },
  { model, engine, params, signal, once }: AttackContext<P>,
  { start, epochs, learningRate, proximal, read, progress, ...settings }: ReferenceTraining,
): Promise<References> {
  const { mode, references } = params;
  const pool = poolSamples([own, ...lists]);
  const [ownPlaces, ...candidatePlaces] = pool.places as [Uint32Array, ...Uint32Array[]];
  const { count } = pool.samples;
  const identity = identityOf(start, pool.samples);
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

  const compute = async () => {
    const trainer = await SgdTrainer.open(model, engine, batchSize, proximal);
    const query = await LogitsQuery.open(model, engine);
    const answered = new Float32Array(references * count);
    let epochsDone = 0;
    try {
      await sideBySide(
        rows,
        () => engine.width,
        async (set, at) => {
          const samples = takeSamples(pool.samples, set);
          const trained = await trainer.train({
            ...{ start, samples, epochs, learningRate, signal },
            random: random.derive('model', at),
            progress: () => progress?.(++epochsDone / (epochs * references)),
          });
          const localSteps = epochs * Math.floor(samples.count / batchSize);
          const shadow = { start, model: trained, samples, localSteps, batchSize };
          const logits = await query.ask((await read?.(shadow)) ?? trained, pool.samples);
          answered.set(confidences(logits, pool.samples.labels), at * count);
        },
      );
    } finally {
      trainer.close();
      query.close();
    }
    return answered;
  };
  const key = [
    ...['reference models', VERSION, identity, mode, references],
    ...[model.id, engine.id, epochs, batchSize, learningRate],
  ];
  // What is read in the loop depends on the defense, which the key doesn't name.
  const answers = read ? await compute() : await once(key, compute);

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
