import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defenses } from '../../../defenses/index.ts';
import type { Defense } from '../../../src/api/defense.ts';
import { openKeyRing } from '../../../src/crypto/key-ring.ts';
import { openPlainRing } from '../../../src/crypto/plain.ts';
import type { KeyRing } from '../../../src/crypto/scheme.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { liveUpdates } from '../../../src/federation/live-updates.ts';
import { runProtocol } from '../../../src/federation/protocol.ts';
import {
  recordedUpdates,
  recordTrajectory,
  type Trajectory,
} from '../../../src/federation/trajectory.ts';
import type { UpdateSource } from '../../../src/federation/updates.ts';
import {
  randomTrajectory,
  softmaxRegression,
  toyDataset,
  toyPartition,
  toySpecification,
  transparentKeyRing,
} from './toy.ts';

const dataset = toyDataset();
const signal = new AbortController().signal;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

function find(id: string): Defense<unknown> {
  const defense = defenses.find(({ meta }) => meta.id === id);
  if (!defense) throw new RangeError(`no defense ${id}`);
  return defense;
}

function run(
  id: string,
  params: object,
  { updates, keyRing }: { updates: UpdateSource; keyRing: KeyRing },
) {
  const defense = find(id);
  return runProtocol({
    defense,
    params: defense.meta.params.parse(params),
    updates,
    specification: toySpecification,
    model: softmaxRegression,
    engine,
    dataset,
    keyRing,
    seed: 1,
    signal,
    progress: () => {},
  });
}

const setting = () => ({
  specification: toySpecification,
  dataset,
  partition: toyPartition(),
  probes: [{ client: 6, round: 2, localSteps: 5, samples: Uint32Array.of(75) }],
  model: softmaxRegression,
  engine,
  seed: 1,
  signal,
});

describe('the protocol with real ciphertexts', () => {
  let keyRing: KeyRing;
  let trajectory: Trajectory;
  beforeAll(async () => {
    keyRing = await openKeyRing('shared', 'ckks-tenseal', { clients: 7, workers: 0 });
    trajectory = await recordTrajectory({ ...setting(), progress: () => {} });
  });
  afterAll(() => keyRing.close());

  const cases: [string, object][] = [
    ['full', {}],
    ['random', { ratio: 0.4 }],
    ['maskcrypt', { ratio: 0.4 }],
    ['maskcrypt', { ratio: 0.4, globalModel: 'plain-part' }],
  ];

  test.each(cases)(
    '%s %j: aggregates as plain FedAvg does, live or recorded',
    async (id, params) => {
      const plain = await run(
        'none',
        {},
        {
          updates: recordedUpdates(trajectory),
          keyRing: openPlainRing(),
        },
      );
      const recorded = await run(id, params, { updates: recordedUpdates(trajectory), keyRing });
      const live = await run(id, params, { updates: liveUpdates(setting()), keyRing });
      for (const record of [recorded, live]) {
        record.rounds.forEach(({ aggregationError, testAccuracy, realisedRatio }, at) => {
          expect(aggregationError).toBeLessThan(1e-5);
          expect(testAccuracy).toBe(plain.rounds[at]?.testAccuracy);
          expect(Math.abs(realisedRatio - (id === 'full' ? 1 : 0.4))).toBeLessThan(1e-9);
        });
      }
      recorded.oracle.rounds.forEach(({ globalModel, mask, transmissions }, at) => {
        const other = live.oracle.rounds[at];
        expect(other?.mask).toEqual(mask);
        expectClose(other?.globalModel.values, globalModel.values);
        transmissions.forEach(({ client, weights }, k) => {
          expect(other?.transmissions[k]?.client).toBe(client);
          expectClose(other?.transmissions[k]?.weights.values, weights.values);
        });
      });
      expectClose(live.oracle.finalModel.values, trajectory.finalModel);
    },
  );
});

function expectClose(a: Float32Array | undefined, b: Float32Array): void {
  expect(a?.length).toBe(b.length);
  b.forEach((value, at) => {
    expect(Math.abs((a?.[at] as number) - value)).toBeLessThan(1e-5);
  });
}

describe('what the protocol records', () => {
  const updates = () => recordedUpdates(randomTrajectory(3));

  test('gives the server the plaintext, the oracle everything, in records of their own', async () => {
    const trajectory = randomTrajectory(3);
    const keyRing = transparentKeyRing();
    const { view, oracle, exposition } = await run(
      'random',
      { ratio: 0.3, globalModel: 'plain-part' },
      { updates: recordedUpdates(trajectory), keyRing },
    );
    expect(view).not.toBe(oracle);
    trajectory.rounds.forEach(({ clients, globalModel }, at) => {
      const round = view.rounds[at];
      const truth = oracle.rounds[at];
      if (!round || !truth) throw new RangeError(`round ${at + 1} is missing`);
      clients.forEach(({ client, localModel }, k) => {
        const { weights, ...sent } = round.transmissions[k] as (typeof round.transmissions)[number];
        expect(sent).toMatchObject({ client, ciphertexts: { count: 1, bytes: 20 } });
        expect(weights.known).toEqual(round.mask.map((bit) => 1 - bit));
        expect([...weights.values]).toEqual([...localModel].filter((_, i) => round.mask[i] === 0));
        expect(truth.transmissions[k]?.weights.values).toEqual(localModel);
      });
      const previous = at === 0 ? new Uint8Array(15) : (view.rounds[at - 1]?.mask as Uint8Array);
      expect(round.globalModel.known).toEqual(previous.map((bit) => 1 - bit));
      expect(truth.globalModel.values).toEqual(globalModel);
    });
    expect(view.finalModel.isComplete).toBe(false);
    expect(oracle.finalModel.values).toEqual(trajectory.finalModel);
    expect(exposition).toMatchObject({
      globalModel: 'plain-part',
      proposalsVisible: false,
      parameterSet: 'ckks-tenseal',
      keySetup: 'shared',
    });
    expect(Math.abs(exposition.plaintextShare - 2 / 3)).toBeLessThan(1e-9);
  });

  test('encrypts the masked coordinates in coordinate order, for each client', async () => {
    const keyRing = transparentKeyRing();
    const { view, oracle } = await run('random', { ratio: 0.3 }, { updates: updates(), keyRing });
    const expected = view.rounds.flatMap(({ mask }, at) =>
      (oracle.rounds[at]?.transmissions ?? []).map(({ weights }) =>
        weights.values.filter((_, coordinate) => mask[coordinate] === 1),
      ),
    );
    expect(keyRing.encrypted).toEqual(expected);
  });

  test('counts bytes: through the server, where it learns the aggregate', async () => {
    const keyRing = transparentKeyRing();
    const { costs, ledger } = await run(
      'maskcrypt',
      { ratio: 0.4 },
      { updates: updates(), keyRing },
    );
    // N = 15, 6 encrypted in one ciphertext of 24 bytes; 9 in plaintext. The first client of a
    // round decrypts for the server.
    const up = { 'mask-proposal': 24, 'plain-values': 36, ciphertexts: 24 };
    const down = { 'plain-values': 60, mask: 2 };
    for (const { clients } of ledger)
      clients.forEach((client, k) => {
        expect(client.up).toEqual(k === 0 ? { ...up, 'plain-values': 36 + 24 } : up);
        expect(client.down).toEqual(k === 0 ? { ...down, ciphertexts: 24 } : down);
        expect(client.returnedBytes).toBe(k === 0 ? 24 : 0);
        expect(client.seconds.train).toBe(1);
        expect(client.seconds.mask).toBeGreaterThan(0.24);
        expect('decrypt' in client.seconds).toBe(k === 0);
      });
    const distinct = new Set(ledger.flatMap(({ clients }) => clients.map(({ client }) => client)));
    expect(costs.totalBytes).toEqual({
      up: 9 * 84 + 3 * 24 + 600,
      down: 9 * 62 + 3 * 24 + 1000 * distinct.size,
    });
  });

  test('counts bytes: to every client, where the server keeps the plaintext part', async () => {
    const { ledger } = await run(
      'random',
      { ratio: 0.4, refresh: 'once', globalModel: 'plain-part' },
      { updates: updates(), keyRing: transparentKeyRing() },
    );
    const told = new Set<number>();
    for (const { clients } of ledger)
      for (const { client, up, down, seconds } of clients) {
        expect(up).toEqual({ 'plain-values': 36, ciphertexts: 24 });
        // A mask agreed once travels to each client once.
        const mask = told.has(client) ? {} : { mask: 2 };
        expect(down).toEqual({ 'plain-values': 36, ciphertexts: 24, ...mask });
        expect(seconds.decrypt).toBeGreaterThan(0);
        told.add(client);
      }
  });

  test('announces no mask and sends no ciphertext where nothing is encrypted', async () => {
    const keyRing = openPlainRing();
    const { costs, realisedRatio } = await run('none', {}, { updates: updates(), keyRing });
    expect(costs.bytesPerClientRound).toEqual({
      up: { 'plain-values': 60 },
      down: { 'plain-values': 60 },
    });
    expect(costs.seconds).toMatchObject({ train: 1, mask: 0, encrypt: 0, decrypt: 0 });
    expect(realisedRatio).toBe(0);
  });

  test('is the same under the same seed, clocks apart', async () => {
    const once = async () => {
      const keyRing = transparentKeyRing();
      const { view, oracle, rounds } = await run(
        'maskcrypt',
        { ratio: 0.4, consensus: 'union' },
        { updates: updates(), keyRing },
      );
      return { view, oracle, rounds };
    };
    expect(await once()).toEqual(await once());
  });

  test('refuses keys of another kind, and stops when told to', async () => {
    await expect(run('full', {}, { updates: updates(), keyRing: openPlainRing() })).rejects.toThrow(
      'the defense full needs keys shared of ckks-tenseal, not none of plain',
    );
    const defense = find('none');
    const stopped = runProtocol({
      ...setting(),
      defense,
      params: {},
      updates: updates(),
      keyRing: openPlainRing(),
      signal: AbortSignal.abort(),
      progress: () => {},
    });
    await expect(stopped).rejects.toThrow(/abort/i);
  });
});
