import { beforeAll, describe, expect, test } from 'vitest';
import { full } from '../../defenses/full.ts';
import { maskcrypt } from '../../defenses/maskcrypt/index.ts';
import { random } from '../../defenses/random.ts';
import type { Defense } from '../../src/api/defense.ts';
import { openEngine } from '../../src/engine/choose.ts';
import type { Engine } from '../../src/engine/program.ts';
import { randomStream } from '../../src/engine/random.ts';
import { runProtocol } from '../../src/federation/protocol.ts';
import { recordedUpdates, type Trajectory } from '../../src/federation/trajectory.ts';
import { EVERYBODY } from '../../src/view/aggregate.ts';
import { exposeTransmission } from '../../src/view/exposure.ts';
import { serialiseView } from '../../src/view/serialise.ts';
import type { ServerView } from '../../src/view/server-view.ts';
import {
  randomTrajectory,
  softmaxRegression,
  toyDataset,
  toySpecification,
  transparentKeyRing,
} from '../unit/federation/toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

async function view<P, M>(
  defense: Defense<P, M>,
  params: object,
  trajectory: Trajectory,
): Promise<ServerView> {
  const record = await runProtocol({
    defense,
    params: defense.meta.params.parse(params),
    updates: recordedUpdates(trajectory),
    specification: toySpecification,
    model: softmaxRegression,
    engine,
    dataset: toyDataset(),
    keyRing: transparentKeyRing(),
    seed: 1,
    signal: new AbortController().signal,
    progress: () => {},
  });
  return record.view;
}

/** The same federation with noise wherever a client encrypted, and in what that aggregates to. */
function withNoise(trajectory: Trajectory, seen: ServerView): Trajectory {
  const noise = randomStream(99, 'noise');
  const disturbed = (vector: Float32Array, mask: Uint8Array | undefined) =>
    vector.map((value, at) => (mask?.[at] === 1 ? 100 * noise.normal() : value));
  const mask = (round: number) => seen.rounds[round - 1]?.mask;
  return {
    ...trajectory,
    rounds: trajectory.rounds.map(({ round, globalModel, clients }) => ({
      round,
      globalModel: disturbed(globalModel, mask(round - 1)),
      clients: clients.map((client) => ({
        ...client,
        localModel: disturbed(client.localModel, mask(round)),
      })),
    })),
    finalModel: disturbed(trajectory.finalModel, mask(trajectory.rounds.length)),
  };
}

describe('a server view', () => {
  const trajectory = randomTrajectory(5);

  test.each<[string, Defense<never, never>, object]>([
    ['full', full as unknown as Defense<never, never>, {}],
    ['random', random as unknown as Defense<never, never>, { ratio: 0.4 }],
  ])('of %s holds nothing that depends on an encrypted value', async (_, defense, params) => {
    const settings = { ...params, globalModel: 'plain-part' };
    const before = await view(defense, settings, trajectory);
    const after = await view(defense, settings, withNoise(trajectory, before));
    expect(serialiseView(after)).toEqual(serialiseView(before));
    for (const { round, transmissions } of before.rounds)
      for (const client of [EVERYBODY, ...transmissions.map((sent) => sent.client)])
        for (const adversary of ['stale', 'zero', 'global-fill', 'mask-aware', 'history'] as const)
          expect(exposeTransmission(after, adversary, { client, round })).toEqual(
            exposeTransmission(before, adversary, { client, round }),
          );
  });

  test('of MaskCrypt tells of encrypted values by its proposals only', async () => {
    // The clients choose by these values, so the proposals may differ; the weights may not.
    const params = { ratio: 0.4, globalModel: 'plain-part' };
    const before = await view(maskcrypt, params, trajectory);
    for (const { mask, transmissions } of before.rounds)
      for (const { weights } of transmissions)
        expect(weights.values.length).toBe(mask.filter((bit) => bit === 0).length);
    expect(before.finalModel.values.length).toBe(9);
  });

  test('has whole global models where the protocol returns them', async () => {
    const seen = await view(maskcrypt, { ratio: 0.4 }, trajectory);
    seen.rounds.forEach(({ globalModel }, at) => {
      expect(globalModel.values).toEqual(trajectory.rounds[at]?.globalModel);
    });
    expect(seen.finalModel.values).toEqual(trajectory.finalModel);
  });
});
