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
import { learnInverter } from './inverter.ts';

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

/** Learns the way back from updates to images on the attacker's own data, through the same mask. */
export const learnedInversion = defineAttack({
  meta: {
    id: 'learned-inversion',
    version: 2,
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
  context: AttackContext<Params>,
): Promise<Reconstruction[]> {
  const [first] = updates;
  if (!first) return probes.map((probe) => priorReconstruction(probe, aux.shadow));
  const inverter = await learnInverter(first, aux.shadow, context);
  const images = await inverter.draw(updates.map((update) => (update as ObservedUpdate).gradient));
  const pixels = images.length / probes.length;
  return probes.map(({ client, round }, at) => ({
    ...{ client, round, from: 'update' },
    images: images
      .slice(at * pixels, (at + 1) * pixels)
      .map((pixel) => Math.min(1, Math.max(0, pixel))),
    labels: Int32Array.of(inferLabel(context.model.layout, updates[at] as ObservedUpdate) ?? -1),
    cost: inverter.cost,
    iterations: inverter.iterations,
  }));
}

function sameBytes(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}
