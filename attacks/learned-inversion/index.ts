import { z } from 'zod';
import {
  type AttackContext,
  defineAttack,
  NotApplicable,
  type Reconstruction,
} from '../../src/api/attack.ts';
import { readingAdversaries } from '../../src/view/adversaries.ts';
import type { AuxiliaryKnowledge, ReconstructionTarget } from '../../src/view/auxiliary.ts';
import { requireProbes } from '../gradient-matching/each-probe.ts';
import { inferLabel } from '../gradient-matching/label-inference.ts';
import { type ObservedUpdate, observeUpdate } from '../gradient-matching/observed-update.ts';
import { priorReconstruction } from '../gradient-matching/prior.ts';
import { matchingProblem } from '../gradient-matching/problem.ts';
import { FeatureHash } from './feature-hash.ts';
import { learnToInvert } from './network.ts';
import { eachOwnUpdate } from './own-updates.ts';

const params = z.strictObject({
  features: z
    .int()
    .min(16)
    .default(2048)
    .describe('numbers the scored coordinates of an update are hashed to'),
  hidden: z.int().min(8).default(512).describe('width of the two hidden layers'),
  epochs: z.int().min(1).default(60).describe("passes over the attacker's own updates"),
  batchSize: z.int().min(1).default(50).describe('updates per step of Adam'),
  learningRate: z.number().positive().default(1e-3).describe('of Adam, falling to 0 by a cosine'),
});
type Params = z.infer<typeof params>;

/**
 * Learns the way back from updates to images on the attacker's own data. The attacker trains on each
 * of its own images from the same start as the probe did, keeps the coordinates it can read of the
 * probe (so that its updates went through the same mask), and fits a network from those to pixels.
 */
export const learnedInversion = defineAttack({
  meta: {
    id: 'learned-inversion',
    version: 1,
    title: 'Learned inversion',
    source:
      'Wu et al. 2023 (Learning to Invert), §3: feature hashing of the gradient and a three-layer network. ' +
      'Here the hash runs over scored coordinates only, and the network is smaller (512 instead of 3,000 ' +
      'wide, on as many own images as the attacker has).',
    params,
    kind: 'reconstruction',
    adversaries: readingAdversaries,
  },
  async run(_view, aux, context) {
    requireProbes(aux, context.model);
    if (aux.reconstruction.some(({ samples }) => samples > 1))
      throw new NotApplicable(
        'Learned inversion is trained on updates of one image; these probe clients hold several.',
      );
    const groups = groupProbes(aux, context);
    const targets: Reconstruction[] = [];
    for (const [at, group] of groups.entries()) {
      const progress = (fraction: number) => context.progress((at + fraction) / groups.length);
      targets.push(...(await invertGroup(group, aux, { ...context, progress })));
    }
    return { kind: 'reconstruction', targets };
  },
});

/** Probes whose updates one network can read: same start, scored coordinates and local steps. */
interface Group {
  readonly probes: ReconstructionTarget[];
  readonly updates: (ObservedUpdate | undefined)[];
}

function groupProbes(aux: AuxiliaryKnowledge, context: AttackContext<Params>): Group[] {
  const groups = new Map<string, Group>();
  for (const probe of aux.reconstruction) {
    const { client, round } = probe;
    const update = observeUpdate(context.expose({ client, round }));
    const likeUpdate = [...groups.values()].find(
      ({ updates: [first] }) =>
        first &&
        update &&
        first.localSteps === update.localSteps &&
        sameBytes(first.start, update.start) &&
        sameBytes(first.scored, update.scored),
    );
    const group = likeUpdate ?? { probes: [], updates: [] };
    if (!likeUpdate) groups.set(`${client} ${round}`, group);
    group.probes.push(probe);
    group.updates.push(update);
  }
  return [...groups.values()];
}

async function invertGroup(
  { probes, updates }: Group,
  aux: AuxiliaryKnowledge,
  { params, model, engine, random, signal, progress }: AttackContext<Params>,
): Promise<Reconstruction[]> {
  const [first] = updates;
  if (!first) return probes.map((probe) => priorReconstruction(probe, aux.shadow));
  const own = aux.shadow;
  const stream = random.derive('learned-inversion', first.round, first.localSteps);
  const hash = new FeatureHash(first.scored, params.features, stream.derive('hash'));
  const features = new Float32Array(own.count * hash.features);
  // Labels of the own images are known, so the problem's are as well.
  const problem = matchingProblem(model, first, Int32Array.of(0));
  await eachOwnUpdate(engine, problem, first.start, own, signal, (update, at) => {
    features.set(hash.of(update), at * hash.features);
    progress((0.5 * (at + 1)) / own.count);
  });
  const scale = standardise(features);
  const asked = new Float32Array(probes.length * hash.features);
  updates.forEach((update, at) => {
    const found = hash.of((update as ObservedUpdate).gradient);
    asked.set(
      found.map((value) => value * scale),
      at * hash.features,
    );
  });
  const { images, cost } = await learnToInvert(
    engine,
    { count: own.count, features, images: own.inputs },
    asked,
    {
      ...params,
      random: stream.derive('network'),
      signal,
      progress: (fraction) => progress(0.5 + 0.5 * fraction),
    },
  );
  const pixels = images.length / probes.length;
  return probes.map(({ client, round }, at) => ({
    client,
    round,
    from: 'update',
    images: images
      .slice(at * pixels, (at + 1) * pixels)
      .map((pixel) => Math.min(1, Math.max(0, pixel))),
    labels: Int32Array.of(inferLabel(model.layout, updates[at] as ObservedUpdate) ?? -1),
    cost,
    iterations: params.epochs * Math.floor(own.count / Math.min(params.batchSize, own.count)),
  }));
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

function sameBytes(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}
