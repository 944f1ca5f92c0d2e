import { beforeAll, describe, expect, test } from 'vitest';
import { defenses } from '../../defenses/index.ts';
import type { Defense } from '../../src/api/defense.ts';
import { openEngine } from '../../src/engine/choose.ts';
import type { Engine } from '../../src/engine/program.ts';
import { cellModel } from '../../src/federation/cell-model.ts';
import { changesTraining } from '../../src/federation/changes-training.ts';
import { liveUpdates } from '../../src/federation/live-updates.ts';
import { localData } from '../../src/federation/local-data.ts';
import { type FederationRecord, runProtocol } from '../../src/federation/protocol.ts';
import { replay, traceOf } from '../../src/federation/protocol-trace.ts';
import { recordedUpdates } from '../../src/federation/trajectory.ts';
import { countCoordinates } from '../../src/view/coordinate-set.ts';
import { parseView, serialiseView } from '../../src/view/serialise.ts';
import {
  randomTrajectory,
  softmaxRegression,
  toyDataset,
  toySetting,
  toySpecification,
  transparentKeyRing,
  transparentKeys,
} from '../unit/federation/toy.ts';

const { size } = softmaxRegression.layout;
const dataset = toyDataset();
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

/** Values that some defenses take; each is tried on all that do. */
const choices: readonly object[] = [
  {},
  { ratio: 0 },
  { ratio: 0.33 },
  { ratio: 1 },
  { ratio: 0.33, consensus: 'union' },
  { globalModel: 'plain-part' },
  { ratio: 0.33, globalModel: 'plain-part' },
  { keys: 'per-client' },
  { keys: 'threshold' },
  { keys: 'own-key' },
  { flooding: false },
  { bogus: 'inverted' },
  { individual: 'random', ratio: 0.33 },
  { laplace: 0.1 },
  { efficiency: { kind: 'doublesqueeze', share: 0.4 } },
  { efficiency: { kind: 'lora', rank: 1 } },
  { reading: 'per-round', epsilon: 8 },
];

const settings = defenses.flatMap((defense) =>
  choices.flatMap((params): [string, Defense<unknown>, unknown][] => {
    const parsed = defense.meta.params.safeParse(params);
    return parsed.success
      ? [[`${defense.meta.id} ${JSON.stringify(params)}`, defense, parsed.data]]
      : [];
  }),
);

/** On a recorded training of random numbers; on one of its own, where the defense changes training. */
function run(defense: Defense<unknown>, params: unknown, seed = 1): Promise<FederationRecord> {
  const setting = { ...toySetting(engine), seed };
  const model = cellModel(defense, params, setting.model, seed);
  const training = { ...setting, model, rule: defense.training?.(params) };
  const updates = changesTraining(defense, params, setting.specification.federation)
    ? liveUpdates(training)
    : recordedUpdates(randomTrajectory(1), localData({ ...setting, batchSize: 4 }));
  const keyRing = transparentKeys(defense.keys(params), defense.scheme(params));
  return runProtocol({ ...training, defense, params, updates, keyRing });
}

describe('every registered defense', () => {
  test('has an id of its own and defaults for all its parameters', () => {
    const ids = defenses.map(({ meta }) => meta.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { meta, trust } of defenses) {
      expect(meta.id).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(meta.source.length).toBeGreaterThan(10);
      expect(meta.params.safeParse({}).success).toBe(true);
      expect(Object.values(trust ?? {}).filter((text) => text.length > 0)).toHaveLength(4);
      expect(meta.params.safeParse({ noSuchParameter: 1 }).success).toBe(false);
    }
    expect(settings.length).toBeGreaterThan(20);
  });

  test('takes no ratio outside 0 … 1', () => {
    for (const { meta } of defenses)
      for (const ratio of [-0.01, 1.01, Number.NaN, '0.5'])
        expect(meta.params.safeParse({ ratio }).success).toBe(false);
  });

  test.each(settings)('%s: sends and masks what it declares', async (_, defense, params) => {
    const { rounds, view, realisedRatio, exposition } = await run(defense, params);
    const { mask: policy } = defense;
    const { size } = view;
    const rest = defense.rest?.(params) ?? 'plaintext';
    expect(view.rest ?? 'plaintext').toBe(rest);
    expect(view.serverLearns).toBe(defense.serverLearns(params));
    expect(view.encryption.keySetup).toBe(defense.keys(params).setup);
    expect(view.encryption.parameterSet).toBe(defense.scheme(params));
    expect(exposition.insecure).toBe(defense.insecure?.(params));
    view.rounds.forEach((round, at) => {
      const encrypted = round.transmissions.map(({ mask = round.mask, sent }) =>
        mask.map((bit, i) => bit & (sent?.[i] ?? 1)),
      );
      const union = round.mask.map((_, i) => (encrypted.some((set) => set[i] === 1) ? 1 : 0));
      expect(rounds[at]?.realisedRatio).toBe(countCoordinates(union) / size);
      // Plain float32 on the way, and sums in float64.
      expect(rounds[at]?.aggregationError).toBeLessThan(1e-5);
      for (const { mask = round.mask, sent, weights, proposal, client } of round.transmissions) {
        weights.known.forEach((known, i) => {
          const plain = rest === 'plaintext' && mask[i] === 0 && (sent?.[i] ?? 1) === 1;
          expect(known).toBe(plain ? 1 : 0);
        });
        const proposes = policy.when(params) === 'every-round' || round.round === 1;
        const asked = policy.propose !== undefined && proposes;
        expect(proposal !== undefined, `client ${client}`).toBe(
          asked && policy.when(params) !== 'before-training',
        );
      }
    });
    const shares = view.rounds.flatMap(({ transmissions }) =>
      transmissions.map(({ weights }) => weights.values.length / size),
    );
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(exposition.plaintextShare).toBeCloseTo(mean, 9);
    expect(realisedRatio).toBeGreaterThanOrEqual(0);
  });

  test.each(settings)('%s: encrypts the ratio it is asked for', async (_, defense, params) => {
    const asked = defense.targetRatio?.(params);
    const { view } = await run(defense, params);
    const { consensus, layers } = params as { consensus?: string; layers?: unknown };
    const more = consensus === 'union' || layers !== undefined || defense.mask.individual?.(params);
    if (asked === undefined) return;
    for (const { mask } of view.rounds) {
      const masked = countCoordinates(mask);
      const target = Math.round(asked * view.size);
      if (more) expect(masked).toBeGreaterThanOrEqual(target);
      else expect(masked).toBe(target);
    }
  });

  test.each(settings)('%s: leaves a trace that gives both views again', async (_, ...setting) => {
    const { view, oracle, training } = await run(...setting);
    const again = replay(traceOf(view, training), training);
    expect(again.view()).toEqual(view);
    expect(again.oracle()).toEqual(oracle);
    expect(parseView(serialiseView(view))).toEqual(view);
  });

  test.each(settings)('%s: is deterministic under its seed', async (_, defense, params) => {
    const [a, b] = [await run(defense, params), await run(defense, params)];
    expect([a.view, a.oracle, a.rounds]).toEqual([b.view, b.oracle, b.rounds]);
  });

  test('random masks differ by round and seed, unless drawn once', async () => {
    const random = defenses.find(({ meta }) => meta.id === 'random') as Defense<unknown>;
    const masks = async (params: object, seed?: number) =>
      (await run(random, random.meta.params.parse(params), seed)).view.rounds.map(({ mask }) =>
        mask.join(''),
      );
    const fresh = await masks({ ratio: 0.5 });
    expect(new Set(fresh).size).toBe(3);
    expect(await masks({ ratio: 0.5 }, 2)).not.toEqual(fresh);
    expect(new Set(await masks({ ratio: 0.5, refresh: 'once' })).size).toBe(1);
  });
});

describe('MaskCrypt over several rounds', () => {
  test.each([1, 2, 3, 4])('follows the paper step by step (trajectory %i)', async (seed) => {
    const maskcrypt = defenses.find(({ meta }) => meta.id === 'maskcrypt') as Defense<unknown>;
    const trajectory = randomTrajectory(seed, { rounds: 5, clients: 4, clientsPerRound: 3 });
    const specification = {
      ...toySpecification,
      federation: { ...toySpecification.federation, rounds: 5 },
    };
    const { view } = await runProtocol({
      defense: maskcrypt,
      params: maskcrypt.meta.params.parse({ ratio: 0.3 }),
      updates: recordedUpdates(trajectory),
      specification,
      model: softmaxRegression,
      engine,
      dataset,
      keyRing: transparentKeyRing(),
      seed,
      signal: new AbortController().signal,
      progress: () => {},
    });

    // The paper's round again, written as plainly as it stands there.
    const count = Math.round(0.3 * size);
    const coordinates = [...Array(size).keys()];
    const exposed = new Map<number, number[]>();
    let encrypted = new Set<number>();
    trajectory.rounds.forEach(({ globalModel, clients }, at) => {
      const proposals = clients.map(({ client, localModel, gradient = new Float32Array() }) => {
        const previous = exposed.get(client) ?? [...(trajectory.rounds[0]?.globalModel ?? [])];
        const estimate = coordinates.map((i) =>
          encrypted.has(i) ? (previous[i] as number) : (globalModel[i] as number),
        );
        exposed.set(client, estimate);
        const value = (i: number) =>
          (gradient[i] as number) * ((estimate[i] as number) - (localModel[i] as number));
        return coordinates.toSorted((a, b) => value(b) - value(a) || a - b).slice(0, count);
      });
      const interleaved = Array.from({ length: count }, (_, rank) =>
        proposals.map((proposal) => proposal[rank] as number),
      ).flat();
      encrypted = new Set([...new Set(interleaved)].slice(0, count));
      for (const { client, localModel } of clients)
        exposed.set(
          client,
          (exposed.get(client) ?? []).map((old, i) =>
            encrypted.has(i) ? old : (localModel[i] as number),
          ),
        );

      const round = view.rounds[at];
      expect(round?.transmissions.map(({ proposal }) => [...(proposal ?? [])])).toEqual(proposals);
      expect(coordinates.filter((i) => round?.mask[i] === 1)).toEqual(
        [...encrypted].toSorted((a, b) => a - b),
      );
    });
  });
});
