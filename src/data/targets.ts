import type { RandomStream } from '../engine/random.ts';
import type { Specification } from '../spec/specification.ts';
import { EVERYBODY } from '../view/aggregate.ts';
import type { AuxiliaryKnowledge, MembershipTarget } from '../view/auxiliary.ts';
import type { GroundTruth } from '../view/ground-truth.ts';
import type { RoundAggregate } from './aggregates.ts';
import type { DataPartition, Dataset, LabelledSamples } from './dataset.ts';
import type { ProbeClient } from './probes.ts';
import { meanSample, takeSamples } from './samples.ts';

export interface TargetSettings {
  readonly dataset: Dataset;
  readonly partition: DataPartition;
  /** Rounds each ordinary client took part in; clients that never did may be absent. */
  readonly participation: ReadonlyMap<number, readonly number[]>;
  readonly probes: readonly ProbeClient[];
  /** Asked about instead of single probe clients. */
  readonly aggregates?: readonly RoundAggregate[];
  readonly specification: Pick<Specification, 'membership'>;
  readonly random: RandomStream;
}

/** With the image itself, 100 to choose from: a chance of 1 %. */
const DISTRACTORS = 99;

type MembershipTruth = GroundTruth['membership'][number];

/**
 * Draws the questions the attacks are asked, and their answers.
 *
 * Membership (MaskCrypt §6.1): random victims among the clients that took part, each in the last
 * round it took part in; its candidates are members and as many held-out non-members. Every
 * non-member has the class of one of the members: otherwise, where clients hold few classes, a
 * candidate's class alone would tell members from non-members. Victims share no non-member while
 * there are enough of its class. Victims are fewer than asked for when fewer clients took part.
 *
 * Reconstruction: one target per probe client, or per aggregate: all images of a round as one batch.
 */
export function chooseTargets(settings: TargetSettings): {
  auxiliary: AuxiliaryKnowledge;
  truth: GroundTruth;
} {
  const { dataset, partition } = settings;
  const shadow = takeSamples(dataset.train, partition.auxiliary);
  const membership = membershipTargets(settings);
  const reconstruction = reconstructionTargets(settings);
  return {
    auxiliary: {
      dataset: {
        id: dataset.id,
        inputShape: dataset.inputShape,
        classes: dataset.classes,
        synthetic: dataset.synthetic,
      },
      shadow,
      membership: membership.map(({ target }) => target),
      reconstruction: reconstruction.map(({ client, round, localSteps, samples }) => ({
        client,
        round,
        samples: samples.length,
        localSteps,
      })),
    },
    truth: {
      membership: membership.map(({ truth }) => truth),
      reconstruction: reconstruction.map(({ client, round, samples, owners }) => {
        const { inputShape, inputs, labels } = takeSamples(dataset.train, samples);
        return { client, round, inputShape, images: inputs, labels, ...(owners && { owners }) };
      }),
      meanImage: meanSample(shadow),
      distractors: takeSamples(
        dataset.train,
        settings.random
          .derive('distractors')
          .shuffle([...partition.nonMembers])
          .slice(0, DISTRACTORS),
      ).inputs,
    },
  };
}

function reconstructionTargets({
  partition,
  probes,
  aggregates,
}: TargetSettings): readonly (ProbeClient & { readonly owners?: Int32Array })[] {
  if (!aggregates) return probes;
  const samplesOf = (client: number) =>
    partition.clients[client] ?? probes.find((probe) => probe.client === client)?.samples ?? [];
  return aggregates.map(({ round, clients, localSteps }) => ({
    client: EVERYBODY,
    round,
    localSteps,
    samples: Uint32Array.from(clients.flatMap((client) => [...samplesOf(client)])),
    owners: Int32Array.from(clients.flatMap((client) => [...samplesOf(client)].map(() => client))),
  }));
}

function membershipTargets({
  dataset: { train, classes },
  partition,
  participation,
  specification: { membership },
  random,
}: TargetSettings): { target: MembershipTarget; truth: MembershipTruth }[] {
  const tookPart = [...participation]
    .filter(([, rounds]) => rounds.length > 0)
    .map(([client]) => client)
    .sort((a, b) => a - b);
  const victims = random.derive('victims').shuffle(tookPart).slice(0, membership.victims);
  const nonMembers = new NonMemberPool(train, classes, partition.nonMembers, random);

  return victims.map((client) => {
    const stream = random.derive('candidates', client);
    const held = partition.clients[client];
    if (!held) throw new RangeError(`client ${client} took part but has no data`);
    const members: number[] = [];
    const others: number[] = [];
    const drawn = stream.shuffle([...held]).slice(0, membership.candidatesPerVictim);
    for (const [label, ofClass] of byClass(train, drawn)) {
      const matched = nonMembers.take(label, ofClass.length);
      others.push(...matched);
      members.push(...ofClass.slice(0, matched.length));
    }
    const candidates = stream.shuffle([
      ...members.map((index) => ({ index, member: 1 })),
      ...others.map((index) => ({ index, member: 0 })),
    ]);
    const round = Math.max(...(participation.get(client) as readonly number[]));
    const samples = takeSamples(
      train,
      candidates.map(({ index }) => index),
    );
    return {
      target: { client, round, candidates: samples },
      truth: {
        client,
        round,
        members: Uint8Array.from(candidates, ({ member }) => member),
        labels: samples.labels.slice(),
        samples: Uint32Array.from(candidates, ({ index }) => index),
      },
    };
  });
}

function byClass(train: LabelledSamples, indices: readonly number[]): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const index of indices) {
    const label = train.labels[index] as number;
    const group = groups.get(label);
    if (group) group.push(index);
    else groups.set(label, [index]);
  }
  return groups;
}

/** Non-members per class in random order, handed out in turn: none twice before all were once. */
class NonMemberPool {
  readonly #ofClass: number[][];
  readonly #next: number[];

  constructor(
    train: LabelledSamples,
    classes: number,
    nonMembers: Uint32Array,
    random: RandomStream,
  ) {
    const order = random.derive('non-members').shuffle([...nonMembers]);
    const groups = byClass(train, order);
    this.#ofClass = Array.from({ length: classes }, (_, label) => groups.get(label) ?? []);
    this.#next = this.#ofClass.map(() => 0);
  }

  /** `count` distinct non-members of a class, or as many as there are. */
  take(label: number, count: number): number[] {
    const pool = this.#ofClass[label] ?? [];
    const start = this.#next[label] ?? 0;
    const taken = Array.from(
      { length: Math.min(count, pool.length) },
      (_, at) => pool[(start + at) % pool.length] as number,
    );
    this.#next[label] = start + taken.length;
    return taken;
  }
}
