import { createHash } from 'node:crypto';
import type { AttackContext } from '../../src/api/attack.ts';
import type { LabelledSamples } from '../../src/data/dataset.ts';
import { randomStream } from '../../src/engine/random.ts';
import type { ObservedUpdate } from '../gradient-matching/observed-update.ts';
import { matchingProblem } from '../gradient-matching/problem.ts';
import { identityOf } from '../shadow/identity.ts';
import { FeatureHash } from './feature-hash.ts';
import { drawImages, learnToInvert } from './network.ts';
import { eachOwnUpdate } from './own-updates.ts';

export interface InverterParams {
  readonly features: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

export interface Inverter {
  /** Last mean squared error of its training. */
  readonly cost: number;
  /** Steps of Adam it was trained for. */
  readonly iterations: number;
  /** Images [n, pixels], not clipped, from gradients [N] each. */
  draw(gradients: readonly Float32Array[]): Promise<Float32Array>;
}

/** Changes when the same key would mean another network. */
const VERSION = 1;

/**
 * Trains on each of the attacker's own images from the same start as the probes did, keeps the
 * coordinates that are scored (so that its updates go through the same mask) and fits a network from
 * those to pixels. Done once for all cells that train from this start and score these coordinates.
 *
 * @param like an update of those to invert
 */
export async function learnInverter<P extends InverterParams>(
  like: ObservedUpdate,
  own: LabelledSamples,
  { params, model, engine, signal, progress, once }: AttackContext<P>,
): Promise<Inverter> {
  const { hidden, epochs, batchSize, learningRate } = params;
  const scored = createHash('sha256').update(like.scored).digest('hex').slice(0, 32);
  const identity = `${identityOf(like.start, own)} ${scored}`;
  const random = randomStream(identity, 'learned inversion');
  const hash = new FeatureHash(like.scored, params.features, random.derive('hash'));
  // Labels of the own images are known, so the problem's are as well.
  const problem = matchingProblem(model, like, Int32Array.of(0));
  const learn = async () => {
    const features = new Float32Array(own.count * hash.features);
    await eachOwnUpdate(engine, problem, like.start, own, signal, (update, at) => {
      features.set(hash.of(update), at * hash.features);
      progress((0.5 * (at + 1)) / own.count);
    });
    const scale = standardise(features);
    const { weights, cost } = await learnToInvert(
      engine,
      { count: own.count, features, images: own.inputs },
      {
        ...{ hidden, epochs, batchSize, learningRate, signal },
        random: random.derive('network'),
        progress: (fraction) => progress(0.5 + 0.5 * fraction),
      },
    );
    const learned = new Float32Array(2 + weights.length);
    learned.set([scale, cost]);
    learned.set(weights, 2);
    return learned;
  };
  const learned = await once(
    [
      ...['inversion network', VERSION, identity, model.id, engine.id],
      ...[like.localSteps, like.batchSize, like.learningRate, like.proximal ?? 0],
      ...[params.features, hidden, epochs, batchSize, learningRate],
    ],
    learn,
  );
  const [scale, cost] = learned as unknown as [number, number];
  const sizes = { width: hash.features, pixels: own.inputs.length / own.count, hidden };
  return {
    cost,
    iterations: epochs * Math.floor(own.count / Math.min(batchSize, own.count)),
    draw(gradients) {
      const asked = new Float32Array(gradients.length * hash.features);
      gradients.forEach((gradient, at) => {
        asked.set(
          hash.of(gradient).map((value) => value * scale),
          at * hash.features,
        );
      });
      return drawImages(engine, sizes, learned.subarray(2), asked);
    },
  };
}

/** Scales features to a mean square of 1, in place; their ratios carry the image. Returns the factor. */
function standardise(features: Float32Array): number {
  let squares = 0;
  for (const value of features) squares += value * value;
  const scale = squares > 0 ? Math.sqrt(features.length / squares) : 1;
  features.forEach((value, at) => {
    features[at] = value * scale;
  });
  return scale;
}
