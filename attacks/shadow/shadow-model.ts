import { type AttackContext, NotApplicable } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { takeSamples } from '../../src/data/samples.ts';
import { randomStream } from '../../src/engine/random.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import type { MembershipTarget } from '../../src/view/auxiliary.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { identityOf } from './identity.ts';
import { SgdTrainer } from './sgd.ts';
import { likeClients, type ShadowTrainingParams } from './training.ts';

/** How much of an attack's progress the shadow model is. */
const SHADOW_SHARE = 0.5;

/** Raised whenever the same input could give another shadow model. */
const VERSION = 2;

/** A model whose members the attacker knows, because it trained it. */
export interface ShadowModel {
  /** [N]; in the loop, as the adversary would have read them. */
  readonly weights: Float32Array;
  /** The half of the attacker's own samples it was trained on, and the other half. */
  readonly members: LabelledSamples;
  readonly nonMembers: LabelledSamples;
}

/**
 * Learns from shadow models what members look like: once for all victims from one model; in the loop
 * for each victim from a client of the attacker's own, masked like the victim's.
 *
 * @throws {NotApplicable} when the attacker has fewer than 4 samples.
 */
export async function learnFromShadow<P extends ShadowTrainingParams, Learned>(
  view: Pick<ServerView, 'hyper' | 'initialModel'>,
  own: LabelledSamples,
  context: AttackContext<P>,
  learn: (shadow: ShadowModel) => Promise<Learned>,
): Promise<(victim: MembershipTarget) => Promise<Learned>> {
  if (own.count < 4)
    throw new NotApplicable(
      `The attacker has ${own.count} samples of its own; a shadow model needs at least 4.`,
    );
  if (context.shadowTransmissions)
    return async (victim) => learn(await trainShadowClient(view, own, victim, context));
  const learned = await learn(await trainShadowModel(view, own, context));
  return async () => learned;
}

/**
 * Trains a shadow model as a client would, from the public initial model on one half of the
 * attacker's own samples. Once per run and training settings: it depends on nothing a defense
 * changes.
 */
async function trainShadowModel<P extends ShadowTrainingParams>(
  view: Pick<ServerView, 'hyper' | 'initialModel'>,
  own: LabelledSamples,
  context: AttackContext<P>,
): Promise<ShadowModel> {
  const { model, engine, params, signal, progress } = context;
  const half = Math.floor(own.count / 2);
  const settings = likeClients(params, view);
  const batchSize = Math.min(settings.batchSize, half);
  const { epochs, learningRate } = settings;
  const identity = identityOf(view.initialModel, own);
  const random = randomStream(identity, 'shadow model');
  const order = random.derive('halves').permutation(own.count);
  const members = takeSamples(own, order.subarray(0, half));
  const nonMembers = takeSamples(own, order.subarray(half, 2 * half));

  const weights = await context.once(
    ['shadow model', VERSION, identity, model.id, engine.id, epochs, batchSize, learningRate],
    async () => {
      const trainer = await SgdTrainer.open(model, engine, batchSize);
      try {
        return await trainer.train({
          start: view.initialModel,
          samples: members,
          ...{ epochs, learningRate, random, signal },
          progress: (done) => progress((SHADOW_SHARE * done) / epochs),
        });
      } finally {
        trainer.close();
      }
    },
  );
  return { weights, members, nonMembers };
}

/**
 * Trains a client of the attacker's own in the victim's round: from the model the round began with, as
 * long as clients do, on as many samples as the victim has; and reads it as masked by the defense.
 */
async function trainShadowClient<P extends ShadowTrainingParams>(
  view: Pick<ServerView, 'hyper'>,
  own: LabelledSamples,
  { client, round }: MembershipTarget,
  { model, engine, params, signal, expose, shadowTransmissions }: AttackContext<P>,
): Promise<ShadowModel> {
  const { start, samples } = expose({ client, round });
  const half = Math.floor(own.count / 2);
  const size = Math.min(half, samples);
  const settings = likeClients(params, view);
  const batchSize = Math.min(settings.batchSize, size);
  const epochs = view.hyper.localEpochs;
  const { proximal } = view.hyper;
  const random = randomStream(identityOf(start, own), 'shadow client');
  const order = random.derive('halves').permutation(own.count);
  const members = takeSamples(own, order.subarray(0, size));
  const nonMembers = takeSamples(own, order.subarray(half, half + size));
  const trainer = await SgdTrainer.open(model, engine, batchSize, proximal);
  try {
    const { learningRate } = settings;
    const job = { start, samples: members, epochs, learningRate, random, signal };
    const trained = await trainer.train(job);
    const localSteps = epochs * Math.floor(size / batchSize);
    const shadow = { start, model: trained, samples: members, localSteps, batchSize };
    const [exposed] = (await shadowTransmissions?.({ client, round }, [shadow])) ?? [];
    return { weights: (exposed as Exposure).model, members, nonMembers };
  } finally {
    trainer.close();
  }
}
