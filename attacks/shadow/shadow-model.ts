import { type AttackContext, NotApplicable } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { takeSamples } from '../../src/data/samples.ts';
import { randomStream } from '../../src/engine/random.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import { identityOf } from './identity.ts';
import { SgdTrainer } from './sgd.ts';
import { likeClients, type ShadowTrainingParams } from './training.ts';

/** Raised whenever the same input could give another shadow model. */
const VERSION = 2;

/** A model whose members the attacker knows, because it trained it. */
export interface ShadowModel {
  /** [N]. */
  readonly weights: Float32Array;
  /** The half of the attacker's own samples it was trained on, and the other half. */
  readonly members: LabelledSamples;
  readonly nonMembers: LabelledSamples;
}

/**
 * Trains a shadow model as a client would, from the public initial model on one half of the
 * attacker's own samples. Once per run and training settings: it depends on nothing a defense
 * changes.
 *
 * @param progress told how far the training is, 0 … 1
 * @throws {NotApplicable} when the attacker has fewer than 4 samples.
 */
export async function trainShadowModel<P extends ShadowTrainingParams>(
  view: Pick<ServerView, 'hyper' | 'initialModel'>,
  own: LabelledSamples,
  context: AttackContext<P>,
  progress: (fraction: number) => void = () => {},
): Promise<ShadowModel> {
  if (own.count < 4)
    throw new NotApplicable(
      `The attacker has ${own.count} samples of its own; a shadow model needs at least 4.`,
    );
  const { model, engine, params, signal } = context;
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
          progress: (done) => progress(done / epochs),
        });
      } finally {
        trainer.close();
      }
    },
  );
  return { weights, members, nonMembers };
}
