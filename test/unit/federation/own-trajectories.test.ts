import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Defense, defineDefense, type TrainingSchedule } from '../../../src/api/defense.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { tf } from '../../../src/engine/tensors.ts';
import { cellModel } from '../../../src/federation/cell-model.ts';
import { changesTraining } from '../../../src/federation/changes-training.ts';
import { aggregationWeights, weightedMean } from '../../../src/federation/fedavg.ts';
import { liveUpdates } from '../../../src/federation/live-updates.ts';
import { localData } from '../../../src/federation/local-data.ts';
import { openFederationKeys } from '../../../src/federation/open-keys.ts';
import { runProtocol } from '../../../src/federation/protocol.ts';
import { recordedUpdates, recordTrajectory } from '../../../src/federation/trajectory.ts';
import { dense } from '../../../src/models/layers.ts';
import { ParameterLayout } from '../../../src/models/layout.ts';
import type { Model } from '../../../src/models/model.ts';
import { exposeTransmission } from '../../../src/view/exposure.ts';
import {
  classes,
  closedFormGradient,
  features,
  softmaxRegression,
  toyDataset,
  toyFederation,
  toyPartition,
  toySetting,
  transparentKeys,
} from './toy.ts';

const { size } = softmaxRegression.layout;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

/** The first five coordinates are encrypted, unless said otherwise. */
function declared(more: Partial<Defense<object>>): Defense<object> {
  return defineDefense<object, unknown>({
    meta: { id: 'scripted', version: 1, title: 'S', source: 'a test', params: z.object({}) },
    keys: () => ({ setup: 'shared' }),
    scheme: () => 'ckks-tenseal',
    mask: { when: () => 'once', agree: (round) => new Uint8Array(round.size).fill(1, 0, 5) },
    serverLearns: () => 'aggregate',
    ...more,
  });
}

function run(defense: Defense<object>) {
  const setting = toySetting(engine);
  expect(changesTraining(defense, {}, toyFederation)).toBe(true);
  const model = cellModel(defense, {}, setting.model, setting.seed);
  const training = { ...setting, model, rule: defense.training?.({}) };
  const keyRing = transparentKeys(defense.keys({}), defense.scheme({}));
  const updates = liveUpdates(training);
  return runProtocol({ ...training, defense, params: {}, updates, keyRing });
}

const nextOf = ({ rounds, finalModel }: Awaited<ReturnType<typeof run>>['training'], at: number) =>
  rounds[at + 1]?.globalModel ?? finalModel;

describe('a federation that trains for itself', () => {
  test('pruned: only the mask travels, the rest is 0, clients weigh alike but for probes', async () => {
    const record = await run(declared({ rest: () => 'zero', weighting: () => 'uniform' }));
    record.training.rounds.forEach(({ clients }, at) => {
      const mean = weightedMean(
        clients.map(({ localModel }) => localModel),
        aggregationWeights(clients, 'uniform', 6),
      );
      expect(nextOf(record.training, at)).toEqual(mean.map((weight, i) => (i < 5 ? weight : 0)));
      const round = record.view.rounds[at];
      for (const { weights } of round?.transmissions ?? []) expect(weights.values.length).toBe(0);
      for (const { client, up, down } of record.ledger[at]?.clients ?? []) {
        const returned = round?.opening?.openers.includes(client) ? { 'plain-values': 20 } : {};
        expect(up).toEqual({ ciphertexts: 20, ...returned });
        expect(down['plain-values']).toBe(20);
      }
    });
    expect(record.exposition.plaintextShare).toBe(0);
  });

  test('kept: each client goes on from its own model, with the means of what anybody sent', async () => {
    const own = (client: number) => [client, client + 1];
    const starts = new Map<string, Float32Array>();
    const record = await run(
      declared({
        rest: () => 'kept',
        mask: {
          when: () => 'every-round',
          individual: () => true,
          async propose({ client, round, globalModel }) {
            starts.set(`${client} in ${round}`, globalModel);
            return Uint32Array.from(own(client));
          },
          proposalFormat: { packs: 5 },
        },
      }),
    );
    const { rounds } = record.training;
    let means = rounds[0]?.globalModel as Float32Array;
    const averagedIn = new Map<number, number>();
    const kept = new Map<number, { readonly round: number; readonly model: Float32Array }>();
    let returned = 0;
    rounds.forEach(({ clients, globalModel }, at) => {
      expect(globalModel).toEqual(means);
      for (const { client } of clients) {
        const last = kept.get(client);
        if (last) returned++;
        const start = means.map((mean, i) =>
          last && (averagedIn.get(i) ?? 0) <= last.round ? (last.model[i] as number) : mean,
        );
        expect(starts.get(`${client} in ${at + 1}`)).toEqual(start);
        const seen = exposeTransmission(record.oracle, 'oracle', { client, round: at + 1 });
        expect(seen.start).toEqual(start);
      }
      const next = means.slice();
      const heard = new Set<number>();
      for (let i = 0; i < size; i++) {
        const senders = clients.filter(({ client }) => own(client).includes(i));
        const weight = senders.reduce((sum, { samples }) => sum + samples, 0);
        if (weight === 0) continue;
        const sum = senders.reduce(
          (so, one) => so + one.samples * (one.localModel[i] as number),
          0,
        );
        next[i] = sum / weight;
        averagedIn.set(i, at + 1);
        heard.add(i);
      }
      nextOf(record.training, at).forEach((value, i) => {
        expect(Math.abs(value - (next[i] as number))).toBeLessThan(1e-6);
      });
      means = nextOf(record.training, at);
      for (const { client, localModel } of clients)
        kept.set(client, {
          round: at + 1,
          model: localModel.map((value, i) => (heard.has(i) ? (means[i] as number) : value)),
        });
      for (const { up } of record.ledger[at]?.clients ?? [])
        expect(up).toMatchObject({ 'mask-proposal': 1 });
      const round = record.view.rounds[at];
      for (const { mask, client, weights } of round?.transmissions ?? []) {
        expect([...(mask ?? [])].flatMap((bit, i) => (bit === 1 ? [i] : []))).toEqual(own(client));
        expect(weights.values.length).toBe(0);
      }
    });
    expect(returned).toBeGreaterThan(0);
  });

  test('perturbed: the server sees the noise, and the mean has it', async () => {
    const record = await run(
      declared({
        perturb:
          () =>
          ({ values, mask }) =>
            values.map((value, at) => (mask[at] === 1 ? value : value + 100)),
      }),
    );
    record.view.rounds.forEach(({ transmissions }, at) => {
      for (const { weights } of transmissions)
        for (const value of weights.values) expect(value).toBeGreaterThan(90);
      const next = nextOf(record.training, at);
      expect(next.every((value, i) => value > 90 === i >= 5)).toBe(true);
    });
    expect(record.rounds[0]?.aggregationError).toBeLessThan(1e-5);
  });

  test('with a model of its own, exchanges that', async () => {
    /** Trains the biases alone; all weights are frozen at one value. */
    const biases = (base: Model, frozen: number): Model => ({
      ...base,
      id: `${base.id}-biases`,
      layout: new ParameterLayout([{ name: 'fc.bias', shape: [classes], kind: 'bias', layer: 0 }]),
      initialize: () => new Float32Array(classes),
      logits: ([bias], inputs) =>
        dense(inputs, tf.fill([features, classes], frozen), bias as Tensor),
    });
    const record = await run(
      declared({
        mask: { when: () => 'once', agree: (round) => new Uint8Array(round.size).fill(1, 0, 1) },
        model: () => (base, random) => biases(base, random.normal()),
      }),
    );
    expect(record.view).toMatchObject({ model: 'softmax-regression-biases', size: classes });
    expect(record.training.size).toBe(classes);
    expect(record.view.rounds[0]?.transmissions[0]?.weights.values.length).toBe(classes - 1);
    expect(record.rounds.every(({ testAccuracy }) => testAccuracy > 0)).toBe(true);
  });

  test('by a rule of its own learns how long each client trains in all', async () => {
    const schedules: TrainingSchedule[] = [];
    const { training } = await run(
      declared({
        training: () => ({
          clip: 1,
          noiseMultiplier: (schedule) => {
            schedules.push(schedule);
            return 0.5;
          },
        }),
      }),
    );
    const ids = training.rounds.flatMap(({ clients }) => clients.map(({ client }) => client));
    const counts = ids.map((id) => ids.filter((other) => other === id).length);
    expect(schedules.map(({ participations }) => participations)).toEqual(counts);
    const held = toyPartition().clients.map(({ length }) => length);
    schedules.forEach(({ samples, stepsPerRound, batchSize }, at) => {
      if (ids[at] === 6) return;
      expect(samples).toBe(held[ids[at] as number]);
      expect(stepsPerRound).toBe(2 * Math.ceil(samples / 4));
      expect(batchSize).toBe(4);
    });
  });

  test('is what changed weights, keys that fall out and rounding schemes need, and nothing else', () => {
    expect(changesTraining(declared({}), {}, toyFederation)).toBe(false);
    const uniform = { ...toyFederation, weighting: 'uniform' } as const;
    const alike = declared({ weighting: () => 'uniform' });
    expect(changesTraining(alike, {}, uniform)).toBe(false);
    expect(changesTraining(alike, {}, toyFederation)).toBe(true);
    for (const scheme of ['bfv-pack23', 'paillier-3072-batchcrypt'] as const)
      expect(changesTraining(declared({ scheme: () => scheme }), {}, toyFederation)).toBe(true);
    const dropout = { beforeUpload: 0.1, afterUpload: 0, beforeDecryption: 0 };
    const joint = declared({ keys: () => ({ setup: 'joint' }), scheme: () => 'ckks-threshold' });
    expect(changesTraining(joint, {}, toyFederation)).toBe(false);
    expect(changesTraining(joint, {}, { ...toyFederation, dropout })).toBe(true);
    expect(changesTraining(declared({}), {}, { ...toyFederation, dropout })).toBe(false);
  });
});

describe('a mask from scores under encryption, before training', () => {
  test('is that of the weighted mean of all clients, at costs outside the rounds', async () => {
    const setting = { ...toySetting(engine), probes: [] };
    const defense = declared({
      keys: () => ({ setup: 'threshold', threshold: 2 }),
      scheme: () => 'ckks-threshold',
      mask: {
        when: () => 'before-training',
        score: async (client) => (await client.gradient()).map(Math.abs),
        select(scores) {
          const order = [...scores.keys()].toSorted(
            (a, b) => (scores[b] as number) - (scores[a] as number),
          );
          return Uint8Array.from(scores, (_, at) => (order.indexOf(at) < 4 ? 1 : 0));
        },
      },
    });
    expect(changesTraining(defense, {}, toyFederation)).toBe(false);
    const trajectory = await recordTrajectory(setting);
    const keyRing = await openFederationKeys(defense.keys({}), defense.scheme({}), {
      clients: 6,
      probes: 0,
      workers: 0,
    });
    const { view, ledger, rounds, costs } = await runProtocol({
      ...setting,
      defense,
      params: {},
      updates: recordedUpdates(trajectory, localData({ ...setting, batchSize: 4 })),
      keyRing,
      keySeconds: 3,
    }).finally(() => keyRing.close());

    const { clients } = toyPartition();
    const { train } = toyDataset();
    const total = clients.reduce((sum, { length }) => sum + length, 0);
    const mean = new Float64Array(size);
    for (const indices of clients) {
      const gradient = closedFormGradient(view.initialModel, train, indices);
      gradient.forEach((value, at) => {
        mean[at] = (mean[at] as number) + (indices.length / total) * Math.abs(value);
      });
    }
    const fourth = mean.toSorted((a, b) => b - a)[3] as number;
    for (const { mask } of view.rounds)
      expect([...mask]).toEqual([...mean].map((value) => (value >= fourth ? 1 : 0)));
    for (const { realisedRatio } of rounds) expect(realisedRatio).toBe(4 / size);

    const [before, ...during] = ledger;
    expect(before?.round).toBe(0);
    before?.clients.forEach(({ client, up, down, seconds }) => {
      const opens = client < 2 ? { 'partial-decryptions': 131_072 } : {};
      const mask = client === 0 ? { mask: 2 } : {};
      expect(up).toEqual({ ciphertexts: 262_257, ...opens, ...mask });
      expect(down['partial-decryptions']).toBe((client < 2 ? 1 : 2) * 131_072);
      expect(seconds.mask).toBeGreaterThan(0);
    });
    // Clients know the mask that they selected: it does not come down.
    for (const { clients: some } of during)
      for (const { down } of some) expect('mask' in down).toBe(false);
    expect(costs.keySeconds).toBe(3);
  });
});
