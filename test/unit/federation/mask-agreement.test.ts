import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Defense, defineDefense, type MaskPolicy } from '../../../src/api/defense.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { MaskAgreement } from '../../../src/federation/mask-agreement.ts';
import { MaskError } from '../../../src/federation/mask-checks.ts';
import { recordedUpdates } from '../../../src/federation/trajectory.ts';
import { randomTrajectory, softmaxRegression } from './toy.ts';

const { layout } = softmaxRegression;
const trajectory = randomTrajectory(1);

function declared<M>(mask: MaskPolicy<object, M>): Defense<object, M> {
  return defineDefense<object, M>({
    meta: { id: 'scripted', version: 1, title: 'Scripted', source: 'a test', params: z.object({}) },
    keys: () => ({ setup: 'shared' }),
    scheme: () => 'ckks-tenseal',
    mask,
    serverLearns: () => 'aggregate',
  });
}

async function runRounds<M>(policy: MaskPolicy<object, M>, rounds = 2, clients = 4) {
  const source = recordedUpdates(trajectory);
  const random = randomStream(1, 'masks');
  const masks = new MaskAgreement({
    defense: declared(policy),
    params: {},
    layout,
    initialModel: source.initialModel,
    random,
    clients,
    data: source.data,
  });
  const agreements = [];
  for (let round = 1; round <= rounds; round++) {
    const globalModel = trajectory.rounds[round - 1]?.globalModel as Float32Array;
    const updates = await source.clients(round, globalModel);
    const voters = updates.map((update) => ({ ...update, start: globalModel }));
    agreements.push(await masks.agree(round, globalModel, voters));
  }
  return agreements;
}

const empty = () => new Uint8Array(layout.size);

describe('mask agreement', () => {
  test('gives the policy the round as it is: order of selection, memory, previous mask', async () => {
    const seen: unknown[] = [];
    const agreements = await runRounds<{ rounds: number[] }>({
      when: () => 'every-round',
      remember: (initial) => {
        expect(initial).toBe(trajectory.rounds[0]?.globalModel);
        return { rounds: [] };
      },
      async propose({ client, round, previousMask }, memory) {
        seen.push([round, client, memory.rounds.slice(), previousMask.indexOf(1)]);
        return Uint32Array.of(client);
      },
      agree: ({ proposals }) => {
        const mask = empty();
        for (const [first] of proposals) mask[first as number] = 1;
        return mask;
      },
      conclude: ({ round }, _mask, memory) => memory.rounds.push(round),
    });
    const [one, two] = trajectory.rounds.map(({ clients }) => clients.map(({ client }) => client));
    const first = (clients: number[] | undefined) => Math.min(...(clients ?? []));
    expect(seen).toEqual([
      ...(one ?? []).map((client) => [1, client, [], -1]),
      ...(two ?? []).map((client) => [2, client, one?.includes(client) ? [1] : [], first(one)]),
    ]);
    expect(agreements[1]?.proposals).toEqual(two?.map((client) => Uint32Array.of(client)));
  });

  test('charges a recorded gradient as measured, and only where it is asked for', async () => {
    const [asked] = await runRounds<undefined>({
      when: () => 'every-round',
      async propose(client) {
        await client.gradient();
        return new Uint32Array(0);
      },
      agree: empty,
    });
    expect(asked?.clientSeconds.length).toBe(3);
    for (const seconds of asked?.clientSeconds ?? []) expect(seconds).toBeGreaterThan(0.24);
    const [unasked] = await runRounds<undefined>({ when: () => 'once', agree: empty });
    expect(unasked).toMatchObject({ clientSeconds: [0, 0, 0] });
    expect(unasked).not.toHaveProperty('proposals');
  });

  test('keeps a mask that is agreed once', async () => {
    let asked = 0;
    const [first, second] = await runRounds<undefined>({
      when: () => 'once',
      agree: () => {
        asked++;
        return empty().fill(1, 0, 3);
      },
    });
    expect(asked).toBe(1);
    expect(second?.mask).toBe(first?.mask);
  });

  test('asks probes, but lets ordinary clients alone decide', async () => {
    const ids = trajectory.rounds[0]?.clients.map(({ client }) => client) as number[];
    const probe = Math.max(...ids);
    let heard: readonly Uint32Array[] = [];
    const [agreement] = await runRounds<undefined>(
      {
        when: () => 'every-round',
        propose: async ({ client }) => Uint32Array.of(client),
        agree: ({ proposals }) => {
          heard = proposals;
          return empty();
        },
      },
      1,
      probe, // Ids from here on are probes.
    );
    const ordinary = ids.filter((id) => id !== probe);
    expect(heard.map(([coordinate]) => coordinate)).toEqual(ordinary);
    expect(agreement?.proposals?.map(([coordinate]) => coordinate)).toEqual(ids);
  });

  test('with individual masks: everybody has what it proposed, the round their union', async () => {
    const concluded: [number, number[]][] = [];
    const [agreement] = await runRounds<undefined>(
      {
        when: () => 'every-round',
        individual: () => true,
        propose: async ({ client }) => Uint32Array.of(client, 9),
        conclude: ({ client }, mask) => {
          concluded.push([client, [...mask.keys()].filter((at) => mask[at] === 1)]);
        },
      },
      1,
    );
    const ids = trajectory.rounds[0]?.clients.map(({ client }) => client) as number[];
    expect(concluded).toEqual(ids.map((client) => [client, [client, 9]]));
    expect([...(agreement?.mask.keys() ?? [])].filter((at) => agreement?.mask[at])).toEqual(
      [...ids, 9].toSorted((a, b) => a - b),
    );
    expect(agreement?.masks?.length).toBe(3);
  });

  test('before training: all ordinary clients score w_0, and select from the sum they get', async () => {
    const initialModel = trajectory.rounds[0]?.globalModel as Float32Array;
    const asked: number[] = [];
    const masks = new MaskAgreement({
      defense: declared<undefined>({
        when: () => 'before-training',
        async score({ client, round, localModel, globalModel }) {
          expect([round, localModel, globalModel]).toEqual([0, initialModel, initialModel]);
          asked.push(client);
          return new Float32Array(layout.size).fill(client);
        },
        select: (scores, { proposals }) => {
          expect(proposals).toEqual([]);
          return Uint8Array.from(scores, (score) => (score > 5 ? 1 : 0));
        },
      }),
      params: {},
      layout,
      initialModel,
      random: randomStream(1, 'masks'),
      clients: 4,
      data: recordedUpdates(trajectory).data,
    });
    const agreement = await masks.beforeTraining(async (scores) =>
      scores.reduce(
        (sum, { values }) => sum.map((so, at) => so + (values[at] as number)),
        new Float32Array(layout.size),
      ),
    );
    expect(asked).toEqual([0, 1, 2, 3]);
    expect(agreement.mask).toEqual(empty().fill(1));
    expect(agreement).toMatchObject({ selected: true, serverSeconds: 0 });
    const later = await masks.agree(1, initialModel, []);
    expect(later.mask).toBe(agreement.mask);
    expect(asked.length).toBe(4);
  });

  test.each<[string, MaskPolicy<object, undefined>, RegExp]>([
    ['nothing that decides', { when: () => 'once' }, /has no mask\.agree/],
    [
      'scores nobody selects from',
      { when: () => 'once', score: async () => new Float32Array(0) },
      /needs both/,
    ],
    [
      'two ways',
      {
        when: () => 'once',
        agree: empty,
        score: async () => new Float32Array(0),
        select: empty,
      },
      /use one way/,
    ],
    [
      'individual masks without proposals',
      { when: () => 'every-round', individual: () => true },
      /no mask\.propose/,
    ],
    [
      'individual masks agreed once',
      { when: () => 'once', individual: () => true, propose: async () => new Uint32Array(0) },
      /in every round/,
    ],
  ])('refuses a policy with %s', async (_, policy, message) => {
    await expect(runRounds(policy)).rejects.toThrow(message);
  });

  test.each<[string, Partial<MaskPolicy<object, undefined>>, RegExp]>([
    [
      'a coordinate outside',
      { propose: async () => Uint32Array.of(15) },
      /scripted made client \d propose in round 1 coordinate 15 of a model of 15/,
    ],
    ['a coordinate twice', { propose: async () => Uint32Array.of(2, 2) }, /coordinate 2 twice/],
    [
      'a short mask',
      { agree: () => new Uint8Array(3) },
      /a mask of 3 coordinates for a model of 15/,
    ],
    ['a mask of other numbers', { agree: () => empty().fill(7) }, /holds 7 at coordinate 0/],
  ])('refuses %s, by name', async (_, broken, message) => {
    const policy = { when: () => 'every-round' as const, agree: empty, ...broken };
    await expect(runRounds(policy)).rejects.toThrow(MaskError);
    await expect(runRounds(policy)).rejects.toThrow(message);
  });
});
