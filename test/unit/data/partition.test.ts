import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataPartition, Dataset } from '../../../src/data/dataset.ts';
import { dirichlet } from '../../../src/data/dirichlet.ts';
import { partitionData } from '../../../src/data/partition.ts';
import { randomStream } from '../../../src/engine/random.ts';

/** A data set of one-number samples whose classes come in turn. */
function numbered(count: number, classes: number): Dataset {
  const samples = {
    count,
    inputShape: [1],
    inputs: Float32Array.from({ length: count }, (_, at) => at / count),
    labels: Int32Array.from({ length: count }, (_, at) => at % classes),
  };
  return {
    id: 'numbered',
    title: 'numbered',
    synthetic: true,
    inputShape: [1],
    classes,
    train: samples,
    test: samples,
  };
}

/** The same, three samples in a row (or fewer) belonging to one person. */
function personal(count: number, classes: number): Dataset {
  const data = numbered(count, classes);
  const clientKeys = Uint32Array.from({ length: count }, (_, at) => 1000 + Math.floor(at / 3));
  return { ...data, train: { ...data.train, clientKeys } };
}

const everything = (partition: DataPartition) =>
  [...partition.clients, partition.nonMembers, partition.auxiliary, partition.probes].flatMap(
    (part) => [...part],
  );

const partitionKind = fc.oneof(
  fc.constant({ kind: 'iid' } as const),
  fc.constant({ kind: 'natural' } as const),
  fc.record({
    kind: fc.constant('dirichlet' as const),
    alpha: fc.double({ min: 0.005, max: 100, noNaN: true }),
  }),
);

describe('partitionData', () => {
  it('is a partition: every training sample is in exactly one part', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 300 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 10 }),
        partitionKind,
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer(),
        (count, classes, clients, partition, shadowSamples, probeImages, seed) => {
          const parts = partitionData(
            personal(count, classes),
            { clients: Math.min(clients, 3), partition, shadowSamples, probeImages },
            randomStream(seed, 'partition'),
          );
          expect(everything(parts).sort((a, b) => a - b)).toEqual(
            Array.from({ length: count }, (_, at) => at),
          );
          expect(parts.clients.length).toBe(Math.min(clients, 3));
          expect(parts.clients.every((held) => held.length > 0)).toBe(true);
          expect(parts.clients.reduce((sum, held) => sum + held.length, 0)).toBe(
            Math.floor(count / 2),
          );
          expect(parts.auxiliary.length).toBe(shadowSamples);
          expect(parts.probes.length).toBe(probeImages);
        },
      ),
    );
  });

  it('gives iid clients the same number of samples', () => {
    const settings = { partition: { kind: 'iid' } as const, shadowSamples: 10, probeImages: 4 };
    const sizes = (count: number, clients: number) =>
      partitionData(numbered(count, 10), { ...settings, clients }, randomStream(1)).clients.map(
        (held) => held.length,
      );
    expect(new Set(sizes(1000, 100))).toEqual(new Set([5]));
    expect(new Set(sizes(1000, 7))).toEqual(new Set([71, 72]));
  });

  it('gives iid clients all classes alike (χ² over 5 clients × 4 classes)', () => {
    const data = numbered(40_000, 4);
    const settings = { clients: 5, shadowSamples: 0, probeImages: 0 };
    const { clients } = partitionData(
      data,
      { ...settings, partition: { kind: 'iid' } },
      randomStream(3, 'χ'),
    );
    const statistic = clients
      .flatMap((held) =>
        [0, 1, 2, 3].map((label) => held.filter((at) => data.train.labels[at] === label).length),
      )
      .reduce((sum, found) => sum + (found - 1000) ** 2 / 1000, 0);
    // The 99.99 % quantile of χ² with 15 degrees of freedom.
    expect(statistic).toBeLessThan(44.3);
  });

  it('makes clients uneven under a small α and even under a large one', () => {
    const data = numbered(8000, 10);
    const largestShare = (alpha: number) => {
      const { clients } = partitionData(
        data,
        { clients: 10, partition: { kind: 'dirichlet', alpha }, shadowSamples: 0, probeImages: 0 },
        randomStream(5, 'skew'),
      );
      const shares = clients
        .filter((held) => held.length >= 20)
        .map((held) => {
          const counts = new Array(10).fill(0);
          for (const at of held) counts[data.train.labels[at] as number]++;
          return Math.max(...counts) / held.length;
        });
      return shares.reduce((sum, share) => sum + share, 0) / shares.length;
    };
    expect(largestShare(0.05)).toBeGreaterThan(0.5);
    expect(largestShare(1000)).toBeLessThan(0.15);
  });

  it('gives a natural client all its members, and each client about as many people', () => {
    const data = personal(600, 5);
    const settings = { partition: { kind: 'natural' } as const, shadowSamples: 9, probeImages: 1 };
    const deal = (clients: number) =>
      partitionData(data, { ...settings, clients }, randomStream(2, 'people')).clients;
    const owner = new Map<number, number>();
    deal(20).forEach((held, client) => {
      for (const at of held) {
        const key = data.train.clientKeys?.[at] as number;
        expect(owner.get(key) ?? client).toBe(client);
        owner.set(key, client);
      }
    });
    const people = deal(20).map((_, client) => [...owner.values()].filter((at) => at === client));
    const sizes = people.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    // The members are those of every other partition.
    const iid = partitionData(
      data,
      { ...settings, partition: { kind: 'iid' }, clients: 20 },
      randomStream(2, 'people'),
    ).clients;
    const sorted = (clients: readonly Uint32Array[]) =>
      clients.flatMap((held) => [...held]).sort((a, b) => a - b);
    expect(sorted(deal(20))).toEqual(sorted(iid));
    expect(() => deal(250)).toThrow(/250 clients can't share the 1\d\d natural clients among/);
    expect(() =>
      partitionData(numbered(600, 5), { ...settings, clients: 5 }, randomStream(1)),
    ).toThrow(/numbered doesn't say which samples belong together.*iid or dirichlet/);
  });

  it('leaves the members as they are when held-out parts change size', () => {
    const deal = (shadowSamples: number, probeImages: number) =>
      partitionData(
        numbered(200, 5),
        { clients: 8, partition: { kind: 'dirichlet', alpha: 0.5 }, shadowSamples, probeImages },
        randomStream(9, 'same'),
      ).clients;
    expect(deal(30, 2)).toEqual(deal(0, 7));
  });

  it('says what to change when the data are too few', () => {
    const deal = (clients: number, shadowSamples: number) => () =>
      partitionData(
        numbered(20, 2),
        { clients, partition: { kind: 'iid' }, shadowSamples, probeImages: 2 },
        randomStream(1),
      );
    expect(deal(11, 0)).toThrow(/11 clients can't share the 10 member samples/);
    expect(deal(2, 8)).toThrow(/Lower probes.images or membership.shadowSamples/);
    expect(deal(2, 7)).not.toThrow();
  });
});

describe('dirichlet', () => {
  it('has the mean and variance of the distribution', () => {
    for (const alpha of [0.3, 1, 4]) {
      const random = randomStream(2, 'moments', String(alpha));
      const draws = 4000;
      const first = Array.from({ length: draws }, () => dirichlet(5, alpha, random)[0] as number);
      const mean = first.reduce((sum, value) => sum + value, 0) / draws;
      const variance = first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws;
      const expected = (0.2 * 0.8) / (5 * alpha + 1);
      expect(Math.abs(mean - 0.2)).toBeLessThan(5 * Math.sqrt(expected / draws));
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.15);
    }
  });

  it('sums to one for any α, also where the variates underflow', () => {
    for (const alpha of [1e-4, 0.01, 1, 1e6]) {
      const shares = dirichlet(20, alpha, randomStream(4, String(alpha)));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(shares.every((share) => share >= 0)).toBe(true);
    }
  });
});
