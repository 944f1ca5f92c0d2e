import { beforeAll, describe, expect, test } from 'vitest';
import { analyticFc } from '../../attacks/analytic-fc/index.ts';
import { lossThreshold } from '../../attacks/loss-threshold/index.ts';
import { mlLeaks } from '../../attacks/ml-leaks/index.ts';
import { defenses } from '../../defenses/index.ts';
import type { Attack, MembershipOutput } from '../../src/api/attack.ts';
import { openPlainRing } from '../../src/crypto/plain.ts';
import { partitionData } from '../../src/data/partition.ts';
import { planProbes } from '../../src/data/probes.ts';
import { loadDataset } from '../../src/data/registry.ts';
import { chooseTargets } from '../../src/data/targets.ts';
import { randomStream } from '../../src/engine/random.ts';
import { type FederationRecord, runProtocol } from '../../src/federation/protocol.ts';
import {
  recordedUpdates,
  recordTrajectory,
  type Trajectory,
} from '../../src/federation/trajectory.ts';
import { auc } from '../../src/metrics/auc.ts';
import { psnr } from '../../src/metrics/psnr.ts';
import { ssim } from '../../src/metrics/ssim.ts';
import { findModel } from '../../src/models/registry.ts';
import { digestExposures, digestedAdversaries } from '../../src/run/exposures.ts';
import type { AdversaryId } from '../../src/view/adversaries.ts';
import { ask, engine } from '../unit/attacks/setting.ts';
import { transparentKeyRing } from '../unit/federation/toy.ts';

// A federation that overfits: without encryption its members show. Encryption is left out here; that
// it changes nothing is tested with the protocol.
const model = findModel('mlp-2fc');
const dataset = await loadDataset('mnist', { limit: 1200, testLimit: 100 });
const specification = {
  federation: {
    clients: 4,
    clientsPerRound: 4,
    rounds: 2,
    localEpochs: 40,
    batchSize: 16,
    learningRate: 0.1,
    partition: { kind: 'iid' },
    proximal: 0,
    weighting: 'samples',
    dropout: { beforeUpload: 0, afterUpload: 0, beforeDecryption: 0 },
    trajectory: 'shared',
  },
  membership: { victims: 4, candidatesPerVictim: 100, shadowSamples: 200 },
  probes: { images: 4, imagesPerClient: 1, localSteps: [1], rounds: [1, 2] },
  network: { bitsPerSecond: 100e6 },
} as const;
const partition = partitionData(
  dataset,
  { ...specification.federation, shadowSamples: 200, probeImages: 4 },
  randomStream(1, 'partition'),
);
const probes = planProbes(specification, partition);
const { auxiliary, truth } = chooseTargets({
  dataset,
  partition,
  participation: new Map([0, 1, 2, 3].map((client) => [client, [1, 2]])),
  probes,
  specification,
  random: randomStream(1, 'targets'),
});
const setting = {
  ...{ specification, dataset, model, engine, seed: 1 },
  signal: new AbortController().signal,
  progress: () => {},
};

let trajectory: Trajectory;
beforeAll(async () => {
  trajectory = await recordTrajectory({ ...setting, partition, probes });
});

function protect(id: string, params: object): Promise<FederationRecord> {
  const defense = defenses.find(({ meta }) => meta.id === id);
  if (!defense) throw new RangeError(`no defense ${id}`);
  return runProtocol({
    ...setting,
    defense,
    params: defense.meta.params.parse(params),
    updates: recordedUpdates(trajectory),
    keyRing: defense.keys(params).setup === 'none' ? openPlainRing() : transparentKeyRing(),
  });
}

const asked = ({ view, oracle }: FederationRecord, adversary: AdversaryId) => ({
  model,
  view: adversary === 'oracle' ? oracle : view,
  aux: auxiliary,
  adversary,
});

describe('full encryption', () => {
  const guesses = async <P>(attack: Attack<P, MembershipOutput>) => {
    const open = await ask(attack, asked(await protect('none', {}), 'stale'));
    expect(auc.score(open, truth)?.interval?.low).toBeGreaterThan(0.5);
    const hidden = await ask(attack, asked(await protect('full', {}), 'stale'));
    const interval = auc.score(hidden, truth)?.interval;
    expect(interval?.low).toBeLessThan(0.5);
    expect(interval?.high).toBeGreaterThan(0.5);
  };
  const title = 'guesses with w_0 only: the AUC interval contains .5';
  test(`loss-threshold ${title}`, () => guesses(lossThreshold));
  test(`ml-leaks ${title}`, () => guesses(mlLeaks));

  test('leaves a reconstruction the prior, whatever the server learns of the aggregate', async () => {
    for (const globalModel of ['aggregate', 'plain-part'])
      for (const adversary of ['stale', 'global-fill', 'mask-aware'] as const) {
        const record = await protect('full', { globalModel });
        const value = psnr.score(await ask(analyticFc, asked(record, adversary)), truth);
        expect(value?.value).toBe(value?.baselines?.['mean image']);
      }
  });

  test('hides nothing from the oracle, who reads every digit off the update', async () => {
    const output = await ask(analyticFc, asked(await protect('full', {}), 'oracle'));
    for (const value of ssim.score(output, truth)?.perItem ?? [0])
      expect(value).toBeGreaterThan(0.9);
    expect(output.targets.map(({ labels }) => labels)).toEqual(
      truth.reconstruction.map(({ labels }) => labels),
    );
  });
});

describe('a ratio of 0', () => {
  // An adversary in the loop also knows how its own clients would be masked.
  const readers = digestedAdversaries.filter((id) => id !== 'in-the-loop');
  const digests = (record: FederationRecord, kind: 'membership' | 'reconstruction') =>
    readers.map((id) =>
      digestExposures(
        {
          server: record.view,
          oracle: record.oracle,
          freshModel: () => model.initialize(randomStream(2, 'fresh')),
        },
        id,
        auxiliary[kind],
      ),
    );

  test.each([
    ['none', {}],
    ['random', { ratio: 0 }],
    ['maskcrypt', { ratio: 0 }],
    ['maskcrypt', { ratio: 0, globalModel: 'plain-part' }],
  ])('%s %j: every adversary reads what the oracle reads', async (id, params) => {
    const record = await protect(id, params);
    for (const kind of ['membership', 'reconstruction'] as const)
      expect(new Set(digests(record, kind)).size).toBe(1);
  });

  test('is what makes them equal: at a ratio of .1 they differ', async () => {
    const record = await protect('maskcrypt', { ratio: 0.1 });
    expect(new Set(digests(record, 'reconstruction')).size).toBe(readers.length);
  });
});

test('candidates are no probe and no sample of the attacker’s own, half of them members', () => {
  const key = (inputs: Float32Array, at: number) =>
    Buffer.from(inputs.slice(784 * at, 784 * (at + 1)).buffer).toString('base64');
  const taken = new Set([
    ...Array.from({ length: auxiliary.shadow.count }, (_, at) => key(auxiliary.shadow.inputs, at)),
    ...truth.reconstruction.map(({ images }) => key(images, 0)),
  ]);
  expect(auxiliary.membership).toHaveLength(4);
  auxiliary.membership.forEach(({ client, candidates }, victim) => {
    const held = new Set(
      Array.from(partition.clients[client] ?? [], (sample) => key(dataset.train.inputs, sample)),
    );
    const members = truth.membership[victim]?.members as Uint8Array;
    expect(members.reduce((sum, bit) => sum + bit, 0)).toBe(candidates.count / 2);
    for (let at = 0; at < candidates.count; at++) {
      expect(taken.has(key(candidates.inputs, at))).toBe(false);
      expect(held.has(key(candidates.inputs, at))).toBe(members[at] === 1);
    }
  });
});
