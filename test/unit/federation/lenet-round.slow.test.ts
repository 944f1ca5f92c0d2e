import { expect, test } from 'vitest';
import { defenses } from '../../../defenses/index.ts';
import { partitionData } from '../../../src/data/partition.ts';
import { loadDataset } from '../../../src/data/registry.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { localData } from '../../../src/federation/local-data.ts';
import { openFederationKeys } from '../../../src/federation/open-keys.ts';
import { runProtocol } from '../../../src/federation/protocol.ts';
import { recordedUpdates, recordTrajectory } from '../../../src/federation/trajectory.ts';
import { findModel } from '../../../src/models/registry.ts';

/** Defenses that choose what is encrypted, and leave updates as they are. */
const MASKS = [
  'none',
  'full',
  'random',
  'layer',
  'weight-magnitude',
  'gradient-magnitude',
  'fedml-he',
  'maskcrypt',
];

test('ten clients train LeNet-5 alike whatever is encrypted', { timeout: 300_000 }, async () => {
  const engine = await openEngine();
  const model = findModel('lenet-5');
  const dataset = await loadDataset('mnist', { limit: 6_000, testLimit: 2_000 });
  const federation = {
    clients: 10,
    clientsPerRound: 10,
    rounds: 2,
    localEpochs: 5,
    batchSize: 32,
    learningRate: 0.05,
    partition: { kind: 'iid' },
    proximal: 0,
    weighting: 'samples',
    dropout: { beforeUpload: 0, afterUpload: 0, beforeDecryption: 0 },
    trajectory: 'shared',
  } as const;
  const partition = partitionData(
    dataset,
    { ...federation, shadowSamples: 0, probeImages: 0 },
    randomStream(1, 'partition'),
  );
  const shared = {
    specification: { federation, network: { bitsPerSecond: 100e6 } },
    dataset,
    model,
    engine,
    seed: 1,
    signal: new AbortController().signal,
    progress: () => {},
  };
  const local = { ...shared, partition, probes: [], batchSize: federation.batchSize };
  const trajectory = await recordTrajectory(local);

  const measured: Record<string, unknown> = {};
  const accuracies: number[] = [];
  for (const defense of defenses.filter(({ meta }) => MASKS.includes(meta.id))) {
    const params = defense.meta.params.parse({});
    const keyRing = await openFederationKeys(defense.keys(params), defense.scheme(params), {
      clients: 10,
      probes: 0,
      workers: 2,
      options: { seed: 1, ...defense.schemeOptions?.(params) },
    });
    try {
      const { rounds, costs, realisedRatio } = await runProtocol({
        ...shared,
        defense,
        params,
        updates: recordedUpdates(trajectory, localData(local)),
        keyRing,
      });
      for (const { aggregationError } of rounds) expect(aggregationError).toBeLessThan(1e-5);
      accuracies.push(rounds.at(-1)?.testAccuracy ?? 0);
      measured[defense.meta.id] = {
        realisedRatio,
        ...costs.seconds,
        round: costs.roundSeconds,
        error: rounds.at(-1)?.aggregationError,
      };
    } finally {
      await keyRing.close();
    }
  }
  console.table(measured);
  expect(Math.min(...accuracies)).toBeGreaterThan(0.25);
  expect(Math.max(...accuracies) - Math.min(...accuracies)).toBeLessThan(0.005);
});
