import { beforeAll, describe, expect, test } from 'vitest';
import { defenses } from '../../defenses/index.ts';
import type { Defense } from '../../src/api/defense.ts';
import { openPlainRing } from '../../src/crypto/plain.ts';
import { openEngine } from '../../src/engine/choose.ts';
import type { Engine } from '../../src/engine/program.ts';
import { type FederationRecord, runProtocol } from '../../src/federation/protocol.ts';
import { recordedUpdates, type Trajectory } from '../../src/federation/trajectory.ts';
import { countCoordinates } from '../../src/view/coordinate-set.ts';
import {
  randomTrajectory,
  softmaxRegression,
  toyDataset,
  toySpecification,
  transparentKeyRing,
} from '../unit/federation/toy.ts';

const { size } = softmaxRegression.layout;
const dataset = toyDataset();
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

/** Every defense at every setting of what the server learns that it has, over ratios it takes. */
const settings = defenses.flatMap((defense) => {
  const tried = [{}, { globalModel: 'plain-part' }].flatMap((learns) =>
    [{}, { ratio: 0 }, { ratio: 0.33 }, { ratio: 1 }, { ratio: 0.33, consensus: 'union' }].map(
      (ratio) => ({ ...learns, ...ratio }),
    ),
  );
  return tried.flatMap((params): [string, Defense<unknown>, unknown][] => {
    const parsed = defense.meta.params.safeParse(params);
    return parsed.success
      ? [[`${defense.meta.id} ${JSON.stringify(params)}`, defense, parsed.data]]
      : [];
  });
});

function run(
  defense: Defense<unknown>,
  params: unknown,
  trajectory: Trajectory,
  seed = 1,
): Promise<FederationRecord> {
  return runProtocol({
    defense,
    params,
    updates: recordedUpdates(trajectory),
    specification: toySpecification,
    model: softmaxRegression,
    engine,
    dataset,
    keyRing: defense.keys(params).setup === 'none' ? openPlainRing() : transparentKeyRing(),
    seed,
    signal: new AbortController().signal,
    progress: () => {},
  });
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

  test.each(settings)('%s: masks what it says', async (_, defense, params) => {
    const { rounds, view, realisedRatio, exposition } = await run(
      defense,
      params,
      randomTrajectory(1),
    );
    const asked = defense.targetRatio && Math.round(defense.targetRatio(params) * size);
    const union = (params as { consensus?: string }).consensus === 'union';
    view.rounds.forEach(({ mask, transmissions }, at) => {
      const masked = countCoordinates(mask);
      if (asked !== undefined && union) expect(masked).toBeGreaterThanOrEqual(asked);
      else if (asked !== undefined) expect(masked).toBe(asked);
      expect(rounds[at]?.realisedRatio).toBe(masked / size);
      for (const { weights, proposal } of transmissions) {
        expect(weights.values.length).toBe(size - masked);
        weights.known.forEach((known, i) => {
          expect(known).toBe(1 - (mask[i] as number));
        });
        expect(proposal !== undefined).toBe(defense.mask.propose !== undefined);
        if (proposal && asked !== undefined) expect(proposal.length).toBe(asked);
      }
    });
    expect(exposition.plaintextShare).toBeCloseTo(1 - realisedRatio, 12);
    expect(view.serverLearns).toBe(defense.serverLearns(params));
  });

  test.each(settings)('%s: is deterministic under its seed', async (_, defense, params) => {
    const [a, b] = [
      await run(defense, params, randomTrajectory(1)),
      await run(defense, params, randomTrajectory(1)),
    ];
    expect([a.view, a.oracle, a.rounds]).toEqual([b.view, b.oracle, b.rounds]);
  });

  test('random masks differ by round and seed, unless drawn once', async () => {
    const random = defenses.find(({ meta }) => meta.id === 'random') as Defense<unknown>;
    const masks = async (params: object, seed?: number) =>
      (
        await run(random, random.meta.params.parse(params), randomTrajectory(1), seed)
      ).view.rounds.map(({ mask }) => mask.join(''));
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
