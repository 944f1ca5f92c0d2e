import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { localData } from '../../../src/federation/local-data.ts';
import {
  recordedUpdates,
  recordTrajectory,
  type Trajectory,
} from '../../../src/federation/trajectory.ts';
import {
  parseTrajectory,
  TrajectoryFormatError,
} from '../../../src/federation/trajectory-format.ts';
import {
  softmaxRegression,
  toyDataset,
  toyFederation,
  toyPartition,
  toySetting,
  toySpecification,
} from './toy.ts';

const partition = toyPartition();
const probe = { client: 6, round: 2, localSteps: 5, samples: partition.probes.slice(0, 1) };

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

function record(overrides: { seed?: number; gradients?: boolean; fractions?: number[] } = {}) {
  return recordTrajectory({
    specification: toySpecification,
    dataset: toyDataset(),
    partition,
    probes: [probe],
    model: softmaxRegression,
    engine,
    seed: 1,
    signal: new AbortController().signal,
    progress: (fraction) => overrides.fractions?.push(fraction),
    ...overrides,
  });
}

/** What must be equal between two runs: everything but the clock. */
const numbers = ({ rounds, finalModel }: Trajectory) => ({
  finalModel,
  rounds: rounds.map(({ globalModel, clients }) => ({
    globalModel,
    clients: clients.map(({ seconds: _, ...rest }) => rest),
  })),
});

describe('a recorded trajectory', () => {
  test('is FedAvg: each round starts from the weighted mean of the one before', async () => {
    const fractions: number[] = [];
    const { rounds, finalModel } = await record({ fractions });
    expect(fractions).toEqual([1 / 3, 2 / 3, 1]);
    expect(rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
    rounds.forEach(({ clients }, at) => {
      const next = rounds[at + 1]?.globalModel ?? finalModel;
      const total = clients.reduce((sum, { samples }) => sum + samples, 0);
      next.forEach((weight, coordinate) => {
        const mean = clients.reduce(
          (sum, { samples, localModel }) =>
            sum + (samples / total) * (localModel[coordinate] as number),
          0,
        );
        expect(Math.abs(weight - mean)).toBeLessThan(1e-7);
      });
    });
  });

  test('samples distinct clients, and lets probes take part in their round', async () => {
    const { rounds } = await record();
    for (const { round, clients } of rounds) {
      const ordinary = clients.filter(({ client }) => client < toyFederation.clients);
      expect(new Set(ordinary.map(({ client }) => client)).size).toBe(3);
      for (const { client, samples, localSteps, batchSize } of ordinary) {
        const held = partition.clients[client]?.length as number;
        expect({ samples, localSteps, batchSize }).toEqual({
          samples: held,
          localSteps: 2 * Math.ceil(held / 4),
          batchSize: 4,
        });
      }
      expect(clients.slice(3).map(({ client }) => client)).toEqual(round === 2 ? [6] : []);
    }
    expect(rounds[1]?.clients[3]).toMatchObject({ samples: 1, localSteps: 5, batchSize: 1 });
  });

  test('is the same under the same seed, and another under another', async () => {
    const first = numbers(await record());
    expect(numbers(await record())).toEqual(first);
    expect(numbers(await record({ seed: 2 })).finalModel).not.toEqual(first.finalModel);
  });

  test('has gradients where they are wanted', async () => {
    const source = recordedUpdates(await record());
    const [update] = await source.clients(1, source.initialModel);
    expect((await update?.gradient())?.values.length).toBe(15);

    const without = recordedUpdates(await record({ gradients: false }));
    const [bare] = await without.clients(1, without.initialModel);
    await expect(bare?.gradient()).rejects.toThrow('without the gradients');

    const data = localData({ ...toySetting(engine), batchSize: 4 });
    const computing = recordedUpdates(await record({ gradients: false }), data);
    const [computed] = await computing.clients(1, computing.initialModel);
    expect((await computed?.gradient())?.values).toEqual((await update?.gradient())?.values);
  });

  test('plays back its own models, and no round it does not have', async () => {
    const trajectory = await record();
    const source = recordedUpdates(trajectory);
    const other = new Float32Array(15);
    expect(source.nextModel(1, other)).toBe(trajectory.rounds[1]?.globalModel);
    expect(source.nextModel(3, other)).toBe(trajectory.finalModel);
    await expect(source.clients(4, other)).rejects.toThrow('round 4 of a trajectory of 3');
  });

  test('is read back checked', async () => {
    const trajectory = await record();
    expect(parseTrajectory(structuredClone(trajectory))).toEqual(trajectory);
    const damaged = (damage: (stored: Damaged) => void) => {
      const stored = structuredClone(trajectory);
      damage(stored);
      return () => parseTrajectory(stored);
    };
    const refusals: [(stored: Damaged) => void, RegExp][] = [
      [(stored) => delete stored.model, /^model: /],
      [(stored) => stored.rounds.reverse(), /^rounds\.0\.round: 3/],
      [(stored) => stored.finalModel.fill(Number.NaN), /^finalModel: expected a Float32Array/],
      [
        (stored) => Object.assign(stored.rounds[1].clients[0], { localModel: new Float32Array(2) }),
        /^rounds\.1\.clients\.0\.localModel: 2 values for 15/,
      ],
    ];
    for (const [damage, message] of refusals) {
      expect(damaged(damage)).toThrow(TrajectoryFormatError);
      expect(damaged(damage)).toThrow(message);
    }
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a stored tree that is damaged on purpose has no type.
type Damaged = any;
