import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundAggregates } from '../../../src/data/aggregates.ts';
import { partitionData } from '../../../src/data/partition.ts';
import { planProbes } from '../../../src/data/probes.ts';
import { createSyntheticMnist } from '../../../src/data/synthetic.ts';
import { chooseTargets } from '../../../src/data/targets.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { EVERYBODY } from '../../../src/view/aggregate.ts';
import type { RoundView } from '../../../src/view/server-view.ts';

const dataset = createSyntheticMnist({ train: 400, test: 10 });
const PIXELS = 784;

/** Which training sample an image is. */
const sampleOf = new Map<string, number>();
const fingerprint = (inputs: Float32Array, at: number) =>
  inputs.subarray(at * PIXELS, (at + 1) * PIXELS).join();
for (let at = 0; at < dataset.train.count; at++)
  sampleOf.set(fingerprint(dataset.train.inputs, at), at);

const federation = {
  clients: 12,
  clientsPerRound: 4,
  rounds: 3,
  localEpochs: 1,
  batchSize: 8,
  learningRate: 0.1,
  partition: { kind: 'iid' as const },
  proximal: 0,
  weighting: 'samples' as const,
  dropout: { beforeUpload: 0, afterUpload: 0, beforeDecryption: 0 },
  trajectory: 'shared' as const,
};

function draw(options: {
  seed: number;
  victims: number;
  candidatesPerVictim: number;
  shadowSamples?: number;
  alpha?: number;
  took?: readonly number[];
  aggregates?: ReturnType<typeof roundAggregates>;
}) {
  const { seed, victims, candidatesPerVictim, shadowSamples = 40, alpha } = options;
  const partition = partitionData(
    dataset,
    {
      clients: federation.clients,
      partition: alpha === undefined ? { kind: 'iid' } : { kind: 'dirichlet', alpha },
      shadowSamples,
      probeImages: 3,
    },
    randomStream(seed, 'partition'),
  );
  const specification = {
    federation,
    probes: { images: 3, imagesPerClient: 1, localSteps: [1, 5], rounds: [1, 3] },
    membership: { victims, candidatesPerVictim, shadowSamples },
  };
  const probes = planProbes(specification, partition);
  const took = options.took ?? [0, 2, 3, 5, 7, 8, 11];
  const participation = new Map<number, readonly number[]>([
    ...took.map((client, at) => [client, at % 2 === 0 ? [1, 3] : [2]] as const),
    [4, []],
  ]);
  const random = randomStream(seed, 'targets');
  return {
    partition,
    probes,
    participation,
    ...chooseTargets({
      ...{ dataset, partition, participation, probes, specification, random },
      ...(options.aggregates && { aggregates: options.aggregates }),
    }),
  };
}

describe('planProbes', () => {
  it('plans one probe per image and step count, an image staying in its round', () => {
    const { probes, partition } = draw({ seed: 1, victims: 2, candidatesPerVictim: 5 });
    expect(probes.map(({ client, round, localSteps }) => [client, round, localSteps])).toEqual([
      [12, 1, 1],
      [13, 1, 5],
      [14, 3, 1],
      [15, 3, 5],
      [16, 1, 1],
      [17, 1, 5],
    ]);
    expect(probes.map(({ samples }) => [...samples])).toEqual(
      [...partition.probes].flatMap((sample) => [[sample], [sample]]),
    );
  });

  it('deals images out in batches, the last one smaller', () => {
    const { partition } = draw({ seed: 1, victims: 2, candidatesPerVictim: 5 });
    const probes = { images: 3, imagesPerClient: 2, localSteps: [1], rounds: [1, 3] };
    const planned = planProbes({ federation, probes }, partition);
    expect(planned.map(({ round, samples }) => [round, ...samples])).toEqual([
      [1, partition.probes[0], partition.probes[1]],
      [3, partition.probes[2]],
    ]);
  });

  it('refuses to plan more images than were held out', () => {
    const { partition } = draw({ seed: 1, victims: 2, candidatesPerVictim: 5 });
    const probes = { images: 4, imagesPerClient: 1, localSteps: [1], rounds: [1] };
    expect(() => planProbes({ federation, probes }, partition)).toThrow(RangeError);
  });
});

describe('chooseTargets', () => {
  it('asks about members of the victim and as many held-out non-members of the same classes', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 30 }),
        fc.option(fc.double({ min: 0.05, max: 10, noNaN: true }), { nil: undefined }),
        (seed, victims, candidatesPerVictim, alpha) => {
          const { auxiliary, truth, partition, participation } = draw({
            seed,
            victims,
            candidatesPerVictim,
            ...(alpha === undefined ? {} : { alpha }),
          });
          expect(auxiliary.membership.length).toBe(Math.min(victims, 7));
          expect(new Set(auxiliary.membership.map(({ client }) => client)).size).toBe(
            auxiliary.membership.length,
          );
          auxiliary.membership.forEach(({ client, round, candidates }, at) => {
            const answer = truth.membership[at];
            expect(answer).toMatchObject({ client, round });
            expect(round).toBe(Math.max(...(participation.get(client) ?? [])));
            expect(answer?.labels).toEqual(candidates.labels);
            const labels: [number[], number[]] = [[], []];
            const seen = new Set<number>();
            for (let of = 0; of < candidates.count; of++) {
              const sample = sampleOf.get(fingerprint(candidates.inputs, of)) as number;
              const member = answer?.members[of] as 0 | 1;
              expect(member ? partition.clients[client] : partition.nonMembers).toContain(sample);
              expect(dataset.train.labels[sample]).toBe(candidates.labels[of]);
              labels[member].push(candidates.labels[of] as number);
              seen.add(sample);
            }
            expect(seen.size).toBe(candidates.count);
            expect(labels[0].sort()).toEqual(labels[1].sort());
            expect(labels[0].length).toBeLessThanOrEqual(candidatesPerVictim);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives victims different non-members while there are enough', () => {
    const { auxiliary, truth } = draw({ seed: 4, victims: 5, candidatesPerVictim: 5 });
    const nonMembers = auxiliary.membership.flatMap(({ candidates }, victim) =>
      Array.from({ length: candidates.count }, (_, at) => at)
        .filter((at) => truth.membership[victim]?.members[at] === 0)
        .map((at) => sampleOf.get(fingerprint(candidates.inputs, at))),
    );
    expect(nonMembers.length).toBe(25);
    expect(new Set(nonMembers).size).toBe(25);
  });

  it('shows candidates in an order that says nothing about membership', () => {
    let membersInFirstHalf = 0;
    let candidates = 0;
    for (let seed = 0; seed < 40; seed++)
      for (const { members } of draw({ seed, victims: 5, candidatesPerVictim: 10 }).truth
        .membership) {
        membersInFirstHalf += members
          .slice(0, members.length / 2)
          .reduce((sum, member) => sum + member, 0);
        candidates += members.length;
      }
    // Hypergeometric: mean a quarter of the candidates, standard deviation below √candidates / 4.
    expect(Math.abs(membersInFirstHalf - candidates / 4)).toBeLessThan(Math.sqrt(candidates));
  });

  it('asks one reconstruction question per probe and knows its image', () => {
    const { auxiliary, truth, probes } = draw({ seed: 7, victims: 1, candidatesPerVictim: 2 });
    expect(auxiliary.reconstruction).toEqual(
      probes.map(({ client, round, localSteps }) => ({ client, round, samples: 1, localSteps })),
    );
    probes.forEach(({ samples, client }, at) => {
      const [sample] = samples as unknown as [number];
      const answer = truth.reconstruction[at];
      expect(answer?.client).toBe(client);
      expect(sampleOf.get((answer as { images: Float32Array }).images.join())).toBe(sample);
      expect(answer?.labels[0]).toBe(dataset.train.labels[sample]);
    });
  });

  it('gives the attacker its own data and the truth the mean of it', () => {
    const { auxiliary, truth, partition } = draw({ seed: 2, victims: 1, candidatesPerVictim: 2 });
    expect(auxiliary.shadow.count).toBe(40);
    const pixel = 14 * 28 + 14;
    const values = [...partition.auxiliary].map(
      (sample) => dataset.train.inputs[sample * PIXELS + pixel] as number,
    );
    expect(truth.meanImage[pixel]).toBeCloseTo(values.reduce((a, b) => a + b, 0) / 40, 6);
    expect(truth.meanImage.length).toBe(PIXELS);
    const held = new Set(partition.nonMembers);
    expect(truth.distractors.length).toBe(PIXELS * Math.min(99, held.size));
    for (let first = 0; first < truth.distractors.length; first += PIXELS) {
      const image = truth.distractors.subarray(first, first + PIXELS);
      expect(held).toContain(sampleOf.get(image.join()));
    }
  });

  it('is the same for the same stream', () => {
    const once = draw({ seed: 11, victims: 3, candidatesPerVictim: 6 });
    const twice = draw({ seed: 11, victims: 3, candidatesPerVictim: 6 });
    expect(twice.auxiliary).toEqual(once.auxiliary);
    expect(twice.truth).toEqual(once.truth);
  });
});

describe('aggregates', () => {
  const sent = (client: number, localSteps: number) => ({ client, localSteps });
  const rounds = [
    { round: 1, transmissions: [sent(3, 2), sent(0, 1), sent(12, 5)] },
    { round: 2, transmissions: [] },
    { round: 3, transmissions: [sent(7, 2)], lost: true },
    { round: 4, transmissions: [sent(7, 2)] },
  ] as unknown as RoundView[];

  it('are those of the rounds asked for that gave a new model', () => {
    expect(roundAggregates(rounds, [1, 2, 3])).toEqual([
      { round: 1, clients: [3, 0, 12], localSteps: 5 },
    ]);
    expect(roundAggregates(rounds, [4, 1]).map(({ round }) => round)).toEqual([1, 4]);
  });

  it('ask for all images of everybody in a round, probes included', () => {
    const aggregates = roundAggregates(rounds, [1, 4]);
    const { auxiliary, truth, partition, probes } = draw({
      ...{ seed: 1, victims: 2, candidatesPerVictim: 5, aggregates },
    });
    const held = [3, 0].flatMap((client) => [...(partition.clients[client] ?? [])]);
    const inRound = [...held, ...(probes.find(({ client }) => client === 12)?.samples ?? [])];
    expect(auxiliary.reconstruction).toEqual([
      { client: EVERYBODY, round: 1, samples: inRound.length, localSteps: 5 },
      { client: EVERYBODY, round: 4, samples: partition.clients[7]?.length, localSteps: 2 },
    ]);
    const [first] = truth.reconstruction;
    const images = Array.from(inRound, (_, at) =>
      sampleOf.get(fingerprint(first?.images ?? new Float32Array(0), at)),
    );
    expect(images).toEqual(inRound);
    expect([...(first?.labels ?? [])]).toEqual(inRound.map((at) => dataset.train.labels[at]));
    const owners = inRound.map((at) =>
      [3, 0].find((client) => partition.clients[client]?.includes(at)),
    );
    expect([...(first?.owners ?? [])]).toEqual(owners.map((client) => client ?? 12));
  });
});
