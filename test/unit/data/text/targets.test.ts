import { expect, test } from 'vitest';
import { partitionData } from '../../../../src/data/partition.ts';
import { planProbes } from '../../../../src/data/probes.ts';
import { chooseTargets } from '../../../../src/data/targets.ts';
import { syntheticShakespeare } from '../../../../src/data/text/synthetic-shakespeare.ts';
import { randomStream } from '../../../../src/engine/random.ts';

test('victims of a federation on text: every client has text of its own, held-out text beside it', async () => {
  const dataset = await syntheticShakespeare.load({ limit: 1000, testLimit: 1 });
  const random = randomStream(1);
  const partition = partitionData(
    dataset,
    { clients: 5, partition: { kind: 'natural' }, shadowSamples: 50, probeImages: 2 },
    random.derive('partition'),
  );
  const keys = partition.clients.map(
    (own) => new Set([...own].map((index) => dataset.train.clientKeys?.[index])),
  );
  // 40 speakers, each at one client.
  expect(keys.reduce((sum, { size }) => sum + size, 0)).toBe(40);
  const probes = planProbes(
    {
      federation: { clients: 5 },
      probes: { images: 2, imagesPerClient: 1, localSteps: [1], rounds: [1] },
    } as never,
    partition,
  );
  const { auxiliary, truth } = chooseTargets({
    ...{ dataset, partition, probes },
    participation: new Map([0, 1, 2, 3, 4].map((client) => [client, [1]])),
    specification: { membership: { victims: 5, candidatesPerVictim: 30, shadowSamples: 50 } },
    random: random.derive('targets'),
  });
  expect(auxiliary.membership).toHaveLength(5);
  for (const { members } of truth.membership) {
    // As many non-members as members, matched by the token that follows; a rare one may be missing.
    const count = members.reduce((sum, bit) => sum + bit, 0);
    expect(count).toBeGreaterThanOrEqual(25);
    expect(members.length).toBe(2 * count);
  }
  expect(truth.reconstruction[0]?.images).toHaveLength(64);
  expect(auxiliary.shadow.count).toBe(50);
});
