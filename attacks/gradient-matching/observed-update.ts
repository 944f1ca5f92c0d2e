import type { Model } from '../../src/models/model.ts';
import type { Exposure } from '../../src/view/adversaries.ts';
import type { AggregatePart } from '../../src/view/aggregate.ts';
import type { CoordinateSet } from '../../src/view/partial-vector.ts';
import type { LocalTraining } from './local-training.ts';

/** A client's update, or a round's mean one, as the adversary reads it: what gradient matching matches. */
export interface ObservedUpdate {
  readonly client: number;
  readonly round: number;
  /** w_{t-1}, [N]. */
  readonly start: Float32Array;
  /**
   * (w_{t-1} − w_t^k) / learning rate, [N]: the gradient after one local step, the sum of the local
   * gradients after several.
   */
  readonly gradient: Float32Array;
  /** Coordinates of `gradient` that enter the cost; 1 = used. */
  readonly scored: CoordinateSet;
  readonly samples: number;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** μ of FedProx; absent: plain SGD. */
  readonly proximal?: number;
  /** Of an aggregate: the trainings it is the mean of. */
  readonly parts?: readonly AggregatePart[];
}

/**
 * The update inside a transmission.
 *
 * @returns `undefined` when there is nothing to match: no coordinate was sent in plaintext, none is
 *   scored, or all scored coordinates of the update are zero.
 */
export function observeUpdate(exposure: Exposure): ObservedUpdate | undefined {
  const { start, model, scored, learningRate } = exposure;
  if (exposure.knownCount === 0) return undefined;
  const gradient = start.map((before, at) => (before - (model[at] as number)) / learningRate);
  if (!gradient.some((value, at) => scored[at] === 1 && value !== 0)) return undefined;
  return {
    client: exposure.client,
    round: exposure.round,
    start,
    gradient,
    scored,
    samples: exposure.samples,
    localSteps: exposure.localSteps,
    batchSize: exposure.batchSize,
    learningRate,
    ...(exposure.proximal && { proximal: exposure.proximal }),
    ...(exposure.parts && { parts: exposure.parts }),
  };
}

/** How the client trained, as the attacker replays it. */
export function trainingOf(
  model: Model,
  { localSteps, batchSize, learningRate, proximal, parts }: ObservedUpdate,
): LocalTraining {
  return {
    ...{ model, localSteps, batchSize, learningRate },
    ...(proximal && { proximal }),
    ...(parts && { parts }),
  };
}
