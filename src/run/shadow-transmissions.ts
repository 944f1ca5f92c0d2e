import { type AttackContext, NotApplicable } from '../api/attack.ts';
import type { Engine } from '../engine/program.ts';
import type { RandomStream } from '../engine/random.ts';
import { clientComputations } from '../federation/client-computations.ts';
import type { Model } from '../models/model.ts';
import { type CoordinateSet, coordinateSet } from '../view/coordinate-set.ts';
import type { RoundView, ServerView } from '../view/server-view.ts';
import { exposeShadow, type ShadowClient } from '../view/shadow.ts';
import type { AnyDefense } from './plugins.ts';

export interface ShadowSetting {
  /** The attacked federation's: its code is public. */
  readonly defense: AnyDefense;
  readonly params: unknown;
  readonly view: ServerView;
  readonly model: Model;
  readonly engine: Engine;
  readonly random: RandomStream;
}

/**
 * Runs shadow clients through the attacked defense, for an adversary in the loop.
 *
 * Where a round has one mask, a shadow client is masked by the target's round: one more client among
 * those that agreed on it would hardly have changed it, and the attacker trains for that mask. Where
 * masks are individual the shadow client's own policy is run, as for a client that takes part for the
 * first time.
 */
export function shadowTransmissions(
  setting: ShadowSetting,
): NonNullable<AttackContext<unknown>['shadowTransmissions']> {
  const { view } = setting;
  return async ({ round }, clients) => {
    requireMaskingAlone(setting);
    const target = view.rounds.find((other) => other.round === round);
    if (!target) throw new RangeError(`the view has no round ${round}`);
    return Promise.all(
      clients.map(async (shadow, at) => {
        const mask = await maskOf(setting, target, shadow, -1 - at);
        return exposeShadow(view, round, -1 - at, shadow, mask);
      }),
    );
  };
}

/** @throws {NotApplicable} naming what else the defense does to an update. */
function requireMaskingAlone({ defense, params }: ShadowSetting): void {
  const more = [
    defense.training?.(params) && 'trains in its own way',
    defense.transform?.(params) && 'changes updates before masking',
    defense.perturb?.(params) && 'adds noise to them',
    defense.model?.(params) && 'trains another model',
    (defense.rest?.(params) ?? 'plaintext') !== 'plaintext' && 'sends nothing off the mask',
  ].filter((what) => typeof what === 'string');
  if (more.length > 0)
    throw new NotApplicable(
      `${defense.meta.title} ${more.join(' and ')}: shadow clients can be run through masks only.`,
    );
}

async function maskOf(
  { defense, params, view, model, engine, random }: ShadowSetting,
  { round, mask, globalModel }: RoundView,
  { model: localModel, start, samples, batchSize }: ShadowClient,
  client: number,
): Promise<CoordinateSet> {
  const { mask: policy } = defense;
  if (!policy.individual?.(params) || !policy.propose) return mask;
  const compute = clientComputations(engine, model, batchSize);
  const proposal = await policy.propose(
    {
      client,
      round,
      layout: model.layout,
      globalModel: globalModel.fillFrom(start),
      previousMask: new Uint8Array(view.size),
      localModel,
      gradient: () => compute.gradient(localModel, samples),
      sensitivity: () => compute.sensitivity(localModel, samples),
      meanAbsoluteGradient: () => compute.meanAbsoluteGradient(localModel, samples),
      hessianGradient: () => compute.hessianGradient(localModel, samples),
      loss: (weights) => compute.loss(weights, samples),
      random: random.derive(round, client),
    },
    policy.remember?.(view.initialModel),
    params,
  );
  return coordinateSet(view.size, proposal);
}
