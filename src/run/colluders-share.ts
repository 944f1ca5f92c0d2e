import { type AttackKind, NotApplicable } from '../api/attack.ts';
import { EVERYBODY, observedIn } from '../view/aggregate.ts';
import type { AuxiliaryKnowledge } from '../view/auxiliary.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import type { ServerView } from '../view/server-view.ts';
import { targetsOf } from './exposures.ts';

/**
 * What is left to ask an adversary: of an aggregate, the images of clients that do not collude. An
 * aggregate of colluders alone is no question.
 *
 * @throws {NotApplicable} when nothing of what such an attack is asked is left.
 */
export function questionsTo(
  view: ServerView,
  kind: AttackKind,
  auxiliary: AuxiliaryKnowledge,
): AuxiliaryKnowledge {
  if (!view.colluders) return auxiliary;
  const reconstruction = auxiliary.reconstruction.flatMap((target) => {
    if (target.client !== EVERYBODY) return [target];
    const round = view.rounds.find((one) => one.round === target.round);
    const observed = round && observedIn(view, round, EVERYBODY);
    return observed ? [{ ...target, samples: observed.samples }] : [];
  });
  const left = { ...auxiliary, reconstruction };
  if (targetsOf(kind, auxiliary).length > 0 && targetsOf(kind, left).length === 0)
    throw new NotApplicable(
      'Everybody in the aggregates colludes, so that no image is left to find. Use fewer colluders, or more federation.clientsPerRound.',
    );
  return left;
}

/** The answers to `questionsTo`: colluders' own images are neither asked for nor counted. */
export function answersLeft(truth: GroundTruth, colluders: readonly number[] = []): GroundTruth {
  if (colluders.length === 0) return truth;
  const reconstruction = truth.reconstruction.flatMap((target) => {
    const { owners, images, labels } = target;
    if (!owners) return [target];
    const left = [...owners.keys()].filter((at) => !colluders.includes(owners[at] as number));
    if (left.length === 0) return [];
    const size = images.length / owners.length;
    return [
      {
        ...target,
        images: Float32Array.from(
          left.flatMap((at) => [...images.subarray(at * size, (at + 1) * size)]),
        ),
        labels: Int32Array.from(left, (at) => labels[at] as number),
        owners: Int32Array.from(left, (at) => owners[at] as number),
      },
    ];
  });
  return { ...truth, reconstruction };
}
