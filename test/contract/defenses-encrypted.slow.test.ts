import { beforeAll, describe, expect, test } from 'vitest';
import { defenses } from '../../defenses/index.ts';
import type { Defense } from '../../src/api/defense.ts';
import { openEngine } from '../../src/engine/choose.ts';
import type { Engine } from '../../src/engine/program.ts';
import { cellModel } from '../../src/federation/cell-model.ts';
import { liveUpdates } from '../../src/federation/live-updates.ts';
import { openFederationKeys } from '../../src/federation/open-keys.ts';
import { runProtocol } from '../../src/federation/protocol.ts';
import { toySetting } from '../unit/federation/toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

/** Every key setup and parameter set that some defense declares. */
const choices: readonly object[] = [
  {},
  { keys: 'per-client' },
  { keys: 'threshold', threshold: 2 },
  { keys: 'own-key' },
  { flooding: false },
  { scheme: 'bfv-maskcrypt' },
  { scheme: 'bfv-pack23', range: 4 },
  { keys: 'per-client', scheme: 'bfv-maskcrypt' },
  { realCiphertexts: 1 },
];

const settings = defenses.flatMap((defense) =>
  choices.flatMap((written): [string, Defense<unknown>, unknown][] => {
    const parsed = defense.meta.params.safeParse(written);
    return parsed.success
      ? [[`${defense.meta.id} ${JSON.stringify(written)}`, defense, parsed.data]]
      : [];
  }),
);

describe('with real keys and ciphertexts', () => {
  test.each(settings)('%s: a federation comes to its end', async (_, defense, params) => {
    const setting = toySetting(engine);
    const model = cellModel(defense, params, setting.model, setting.seed);
    const training = { ...setting, model, rule: defense.training?.(params) };
    const use = defense.keys(params);
    const ring = await openFederationKeys(use, defense.scheme(params), {
      clients: setting.specification.federation.clients,
      probes: setting.probes.length,
      workers: 0,
      options: defense.schemeOptions?.(params),
    });
    try {
      const updates = liveUpdates(training);
      const record = await runProtocol({ ...training, defense, params, updates, keyRing: ring });
      expect(record.rounds.length).toBe(3);
      // Precisions are those of values within ±1; weights and ranges here reach 4, and a mean over
      // some of the clients divides by their share of the weights.
      const bound = Math.max(1e-6, 40 * ring.parameterSet.precision);
      for (const { aggregationError, lost } of record.rounds) {
        expect(lost).toBeUndefined();
        expect(aggregationError).toBeLessThan(bound);
      }
      const { up } = record.costs.bytesPerClientRound;
      const masked = record.rounds.some(({ realisedRatio }) => realisedRatio > 0);
      expect((up.ciphertexts ?? 0) > 0).toBe(masked);
    } finally {
      await ring.close();
    }
  });
});
