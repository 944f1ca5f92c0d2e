import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Defense, defineDefense, type KeyUse } from '../../../src/api/defense.ts';
import type { ParameterSetId } from '../../../src/crypto/scheme.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { type DropoutRates, dropouts } from '../../../src/federation/dropout.ts';
import { aggregationWeights, weightedMean } from '../../../src/federation/fedavg.ts';
import { liveUpdates } from '../../../src/federation/live-updates.ts';
import { openFederationKeys } from '../../../src/federation/open-keys.ts';
import { runProtocol } from '../../../src/federation/protocol.ts';
import { softmaxRegression, toyFederation, toySetting } from './toy.ts';

const { size } = softmaxRegression.layout;

/** The first 11 of 15 coordinates are encrypted. */
function masked(keys: KeyUse, scheme: ParameterSetId, more: Partial<Defense<object>> = {}) {
  return defineDefense<object, unknown>({
    meta: { id: 'eleven', version: 1, title: 'Eleven', source: 'a test', params: z.object({}) },
    keys: () => keys,
    scheme: () => scheme,
    mask: { when: () => 'once', agree: () => new Uint8Array(size).fill(1, 0, 11) },
    serverLearns: () => 'aggregate',
    ...more,
  });
}

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

const nobody: DropoutRates = { beforeUpload: 0, afterUpload: 0, beforeDecryption: 0 };

async function run(defense: Defense<object, unknown>, federation: object = {}, seed = 1) {
  const setting = { ...toySetting(engine), seed };
  const { clients } = toyFederation;
  const specification = {
    ...setting.specification,
    federation: { ...toyFederation, dropout: nobody, ...federation },
  };
  const keyRing = await openFederationKeys(defense.keys({}), defense.scheme({}), {
    clients,
    probes: 1,
    workers: 0,
  });
  try {
    const training = { ...setting, specification };
    const updates = liveUpdates(training);
    return await runProtocol({ ...training, defense, params: {}, updates, keyRing });
  } finally {
    await keyRing.close();
  }
}

const setups: [KeyUse, ParameterSetId][] = [
  [{ setup: 'none' }, 'plain'],
  [{ setup: 'shared' }, 'ckks-fedmlhe'],
  [{ setup: 'shared' }, 'ckks-add'],
  [{ setup: 'per-client' }, 'ckks-tenseal'],
  [{ setup: 'per-client' }, 'ckks-add'],
  [{ setup: 'joint' }, 'ckks-threshold'],
  [{ setup: 'joint', flooding: false }, 'ckks-threshold'],
  [{ setup: 'threshold', threshold: 2 }, 'ckks-threshold'],
  [{ setup: 'own-key' }, 'ckks-threshold'],
];

describe('HE-exact federations', () => {
  test.each(setups)('with %j of %s reach plain FedAvg', async (keys, scheme) => {
    const { rounds, training, view } = await run(masked(keys, scheme));
    training.rounds.forEach(({ clients }, at) => {
      const next = training.rounds[at + 1]?.globalModel ?? training.finalModel;
      const mean = weightedMean(
        clients.map(({ localModel }) => localModel),
        aggregationWeights(clients),
      );
      next.forEach((weight, i) => {
        // float32 of weights around 1, and the sets' own error of some 1e-7.
        expect(Math.abs(weight - (mean[i] as number))).toBeLessThan(5e-7);
      });
      expect(rounds[at]?.aggregationError).toBeLessThan(5e-7);
    });
    expect(view.rounds.every(({ mask }) => mask[0] === 1 && mask[11] === 0)).toBe(true);
  });
});

describe('opening an aggregate', () => {
  test('block by block: every drawn client decrypts its own and returns the values', async () => {
    const { view, ledger } = await run(masked({ setup: 'per-client' }, 'ckks-add'));
    view.rounds.forEach(({ blocks, opening, transmissions }, at) => {
      const drawn = transmissions.map(({ client }) => client).filter((client) => client < 6);
      expect(blocks?.map(({ client }) => client)).toEqual(drawn);
      // 11 values in three blocks.
      expect(blocks?.map(({ length }) => length)).toEqual([3, 4, 4]);
      expect(opening).toEqual({ openers: drawn, partialDecryptions: 'none' });
      const costs = ledger[at]?.clients ?? [];
      drawn.forEach((client, j) => {
        const cost = costs.find((one) => one.client === client);
        expect(cost?.returnedBytes).toBe(4 * (blocks?.[j]?.length as number));
        expect(cost?.down.ciphertexts).toBe(65_649);
        expect(cost?.down['plain-values']).toBe(4 * size);
        expect(cost?.seconds.decrypt).toBeGreaterThan(0);
      });
    });
  });

  test('jointly: every client of the federation sends a partial decryption', async () => {
    const { view, ledger, costs } = await run(masked({ setup: 'joint' }, 'ckks-threshold'));
    view.rounds.forEach(({ opening }, at) => {
      expect(opening).toEqual({ openers: [0, 1, 2, 3, 4, 5], partialDecryptions: 'flooded' });
      const { clients = [], helpers = [] } = ledger[at] ?? {};
      expect(helpers.length).toBe(3);
      for (const { client, up, down } of [...clients, ...helpers]) {
        if (client >= 6) continue;
        // One ciphertext of two primes: c_1·s_i has half its bytes, without a header.
        expect(up['partial-decryptions']).toBe(2 * 8 * 8192);
        expect(down.ciphertexts).toBe(262_257);
      }
    });
    expect(view.encryption).toMatchObject({ keySetup: 'joint', flooding: true });
    expect(costs.totalBytes.up).toBeGreaterThan(3 * 6 * 131_072);
  });

  test('by a threshold of clients, past the server where it learns the plaintext part only', async () => {
    const keys: KeyUse = { setup: 'threshold', threshold: 2 };
    const kept = await run(masked(keys, 'ckks-threshold', { serverLearns: () => 'plain-part' }));
    kept.view.rounds.forEach(({ opening, transmissions }, at) => {
      const first = transmissions.slice(0, 2).map(({ client }) => client);
      expect(opening).toEqual({ openers: first, partialDecryptions: 'none' });
      const costs = kept.ledger[at]?.clients ?? [];
      for (const { client, down } of costs) {
        const others = first.includes(client) ? 1 : 2;
        expect(down['partial-decryptions']).toBe(others * 131_072);
      }
    });
    expect(kept.view.finalModel.values.length).toBe(size - 11);
    expect(kept.view.encryption.threshold).toBe(2);
  });

  test('without flooding is told', async () => {
    for (const keys of [{ setup: 'joint', flooding: false }, { setup: 'own-key' }] as const) {
      const { view } = await run(masked(keys, 'ckks-threshold'));
      expect(view.encryption.flooding).toBe(false);
      for (const { opening } of view.rounds) expect(opening?.partialDecryptions).toBe('unflooded');
    }
  });
});

describe('clients that fall out', () => {
  /** Ordinary clients of a round, and which of them fell out. */
  const lossy = { beforeUpload: 0.2, afterUpload: 0.2, beforeDecryption: 0.2 };

  test('draw once per round, from the seed alone, in the given proportions', () => {
    const clients = [...Array(3000).keys()];
    const fallen = dropouts(lossy, 7, 1, clients);
    expect(dropouts(lossy, 7, 1, clients.slice(10, 20))).toEqual(
      fallen.filter(({ client }) => client >= 10 && client < 20),
    );
    for (const stage of ['before-upload', 'after-upload', 'before-decryption']) {
      const share = fallen.filter((one) => one.stage === stage).length / clients.length;
      // Four standard deviations of a binomial share.
      expect(Math.abs(share - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 3000));
    }
    expect(dropouts(nobody, 7, 1, clients)).toEqual([]);
  });

  test.each([
    [{ setup: 'shared' }, 'ckks-tenseal'],
    [{ setup: 'shared' }, 'ckks-add'],
    [{ setup: 'threshold', threshold: 2 }, 'ckks-threshold'],
  ] as [KeyUse, ParameterSetId][])(
    'are left out of the mean with %j of %s',
    async (keys, scheme) => {
      // Fewer rounds than there could be are lost: that is looked up, not assumed.
      const { rounds, training, view } = await run(masked(keys, scheme), { dropout: lossy }, 3);
      expect(rounds.some(({ dropouts = 0 }) => dropouts > 0)).toBe(true);
      training.rounds.forEach(({ globalModel, clients }, at) => {
        const round = view.rounds[at];
        const next = training.rounds[at + 1]?.globalModel ?? training.finalModel;
        const sent = round?.transmissions.map(({ client }) => client) ?? [];
        const late = round?.dropouts?.filter(({ stage }) => stage === 'before-upload') ?? [];
        expect(clients.length).toBe(sent.length + late.length);
        expect(rounds[at]?.clients).toBe(sent.length);
        if (rounds[at]?.lost) {
          expect(next).toEqual(globalModel);
          expect(round?.lost).toBe(true);
          return;
        }
        const arrived = clients.filter(({ client }) => sent.includes(client));
        const mean = weightedMean(
          arrived.map(({ localModel }) => localModel),
          aggregationWeights(arrived),
        );
        next.forEach((weight, i) => {
          expect(Math.abs(weight - (mean[i] as number))).toBeLessThan(1e-6);
        });
      });
    },
  );

  test.each([
    [{ setup: 'per-client' }, 'ckks-add', 'missing-key', /the keys of their blocks/],
    [{ setup: 'joint' }, 'ckks-threshold', 'missing-key', /their parts of the joint key/],
    [{ setup: 'threshold', threshold: 6 }, 'ckks-threshold', 'below-threshold', /threshold is 6/],
  ] as [KeyUse, ParameterSetId, string, RegExp][])(
    'take the round with them under %j of %s',
    async (keys, scheme, cause, reason) => {
      const dropout = { ...nobody, beforeDecryption: 1 };
      const { rounds, training, view } = await run(masked(keys, scheme), { dropout });
      for (const { lost, dropouts, clients } of rounds) {
        expect(lost?.cause).toBe(cause);
        expect(lost?.reason).toMatch(reason);
        expect(lost?.missing.length).toBeGreaterThan(0);
        expect(dropouts).toBe(3);
        expect(clients).toBeGreaterThanOrEqual(3);
      }
      expect(training.finalModel).toEqual(training.rounds[0]?.globalModel);
      expect(view.finalModel.values).toEqual(view.initialModel);
      for (const round of view.rounds) expect('opening' in round).toBe(false);
    },
  );

  test('lose a round in which nobody uploads, whatever the keys', async () => {
    const dropout = { ...nobody, beforeUpload: 1 };
    const { rounds } = await run(masked({ setup: 'none' }, 'plain'), { dropout });
    for (const { lost, clients, round } of rounds) {
      expect(lost?.cause).toBe('no-upload');
      expect(clients).toBe(round === 2 ? 1 : 0); // The probe is there.
    }
  });
});
