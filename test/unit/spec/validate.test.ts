import { describe, expect, it } from 'vitest';
import { minimal } from './catalogue.ts';
import { valid } from './validated.ts';

describe('a valid specification', () => {
  it("has MaskCrypt's setting where it says nothing", () => {
    expect(valid(minimal)).toEqual({
      name: 'test',
      title: 'test',
      seeds: [1],
      dataset: { id: 'mnist' },
      model: 'lenet-5',
      federation: {
        clients: 100,
        clientsPerRound: 20,
        rounds: 10,
        localEpochs: 5,
        batchSize: 32,
        learningRate: 0.01,
        partition: { kind: 'iid' },
        proximal: 0,
        weighting: 'samples',
        dropout: { beforeUpload: 0, afterUpload: 0, beforeDecryption: 0 },
        trajectory: 'shared',
      },
      membership: { victims: 5, candidatesPerVictim: 100, shadowSamples: 1000 },
      probes: { images: 4, imagesPerClient: 1, localSteps: [1, 5], rounds: [1, 10] },
      defenses: [{ id: 'none', params: {} }],
      attacks: [{ id: 'loss-threshold', params: {} }],
      adversaries: ['stale', 'global-fill', 'mask-aware', 'oracle'],
      plugins: [],
      network: { bitsPerSecond: 1e8 },
      limits: { cellSeconds: 3600 },
    });
  });

  it('may be written in the friendly forms', () => {
    const specification = valid({
      ...minimal,
      seeds: 3,
      dataset: { id: 'mnist', limit: 1000, testLimit: 50 },
      federation: { clients: 10, clientsPerRound: 5, rounds: 4, partition: 'iid' },
      membership: { shadowSamples: 100 },
      probes: { rounds: ['last', 2, 'first'], images: 0, of: 'aggregate' },
      defenses: ['none', { id: 'random', ratio: [0.05, 0.25] }, { id: 'maskcrypt', ratio: 0.1 }],
      attacks: ['loss-threshold', { id: 'dlg', iterations: 200 }],
      network: { bandwidth: '15.6 MB/s' },
    });
    expect(specification).toMatchObject({
      seeds: [1, 2, 3],
      dataset: { id: 'mnist', limit: 1000, testLimit: 50 },
      probes: { rounds: [4, 2, 1], of: 'aggregate' },
      defenses: [
        { id: 'none', params: {} },
        { id: 'random', params: { ratio: [0.05, 0.25] } },
        { id: 'maskcrypt', params: { ratio: 0.1, consensus: 'truncate' } },
      ],
      attacks: [
        { id: 'loss-threshold', params: {} },
        { id: 'dlg', params: { iterations: 200 } },
      ],
      network: { bitsPerSecond: 124_800_000 },
    });
  });

  it('counts the only round once when it is both first and last', () => {
    expect(valid({ ...minimal, federation: { rounds: 1 } }).probes.rounds).toEqual([1]);
  });

  it('fills in attack defaults and Dirichlet partitions', () => {
    const specification = valid({
      ...minimal,
      attacks: ['dlg'],
      federation: { partition: { kind: 'dirichlet', alpha: 0.5 } },
    });
    expect(specification.attacks).toEqual([{ id: 'dlg', params: { iterations: 300 } }]);
    expect(specification.federation.partition).toEqual({ kind: 'dirichlet', alpha: 0.5 });
  });
});
