import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGroupKeyRing, openKeyRing } from '../../../src/crypto/key-ring.ts';
import { parameterSets } from '../../../src/crypto/parameter-sets.ts';
import type {
  DecryptionShare,
  EncryptedVector,
  GroupKeyRing,
  KeyRing,
} from '../../../src/crypto/scheme.ts';
import type { RandomStream } from '../../../src/engine/random.ts';
import { mutateBytes, survive } from './mutations.ts';

/** What no sender of this suite puts into a field, but what may arrive. */
const odd: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  Infinity,
  -1,
  0.5,
  2 ** 53,
  'x',
  {},
  [],
  [null],
  [new Uint8Array(3)],
  new Uint8Array(0),
];

function pick<T>(items: readonly T[], random: RandomStream): T {
  return items[random.integer(items.length)] as T;
}

/** Breaks one field of an object, or one item of a list in it, or its bytes. */
function mutateObject<T extends object>(
  object: T,
  lists: readonly (keyof T)[],
  random: RandomStream,
): T {
  const copy = structuredClone(object);
  const list = pick(lists, random);
  const items = [...((copy[list] ?? []) as unknown[])];
  switch (random.integer(6)) {
    case 0:
      return { ...copy, [pick(Object.keys(copy), random)]: pick(odd, random) };
    case 1:
      return pick(odd, random) as T;
    case 2:
      return { ...copy, [list]: items.slice(1) };
    case 3:
      return { ...copy, [list]: [...items, items[0]] };
    case 4:
      items[random.integer(Math.max(1, items.length))] = pick(odd, random);
      return { ...copy, [list]: items };
    default: {
      const at = random.integer(Math.max(1, items.length));
      const item = items[at];
      if (item instanceof Uint8Array)
        items[at] = mutateBytes(item, item.length > 1000 ? 113 : 0, random);
      else if (typeof item === 'object' && item !== null)
        items[at] = { ...item, [pick(Object.keys(item), random)]: pick(odd, random) };
      return { ...copy, [list]: items };
    }
  }
}

const values = Float32Array.of(0.5, -0.25, 0.125);
const weights = [0.5, 0.5];

// Decryption with Paillier is slow: fuzz-paillier.slow.test.ts feeds it bytes.
const shared = parameterSets.filter(({ id }) => id !== 'paillier-3072');

describe.each(shared.map(({ id, scheme }) => [id, scheme] as const))('%s', (id, scheme) => {
  let ring: KeyRing;
  let upload: EncryptedVector;
  let aggregate: EncryptedVector;
  beforeAll(async () => {
    const setup = id === 'plain' ? 'none' : 'shared';
    ring = await openKeyRing(setup, id, { clients: 2, workers: 0 });
    upload = await ring.encryptor(0).encrypt(values, 0.5);
    aggregate = await ring.aggregator().weightedSum([upload, upload], weights);
  });
  afterAll(async () => {
    const sum = await ring.aggregator().weightedSum([upload, upload], weights);
    const mean = await ring.decryptor(0).decrypt(sum);
    // BatchCrypt's stochastic rounding: two clients, steps of 1/127.
    expect(Math.abs((mean[1] as number) + 0.25)).toBeLessThan(2 / 127);
    await ring.close();
  });

  it('survives 500 broken uploads', () =>
    survive(
      `${id} vectors`,
      (random) => mutateObject(upload, ['ciphertexts'], random),
      (broken) => ring.aggregator().weightedSum([upload, broken], weights),
    ));
  if (scheme !== 'paillier')
    it('survives 500 broken aggregates', () =>
      survive(
        `${id} aggregates`,
        (random) => mutateObject(aggregate, ['ciphertexts'], random),
        (broken) => ring.decryptor(0).decrypt(broken),
      ));
});

describe.each(['per-client', 'threshold'] as const)('%s keys', (setup) => {
  let ring: GroupKeyRing;
  let upload: EncryptedVector;
  let aggregate: EncryptedVector;
  let shares: DecryptionShare[];
  const everyone = [0, 1];
  const summed = () => ring.aggregator().weightedSum([upload, upload], weights);
  beforeAll(async () => {
    ring = await openGroupKeyRing(setup, 'ckks-threshold', {
      clients: 2,
      threshold: 2,
      workers: 0,
    });
    upload = await ring.encryptor(0, everyone).encrypt(values, 0.5);
    aggregate = await summed();
    shares = await Promise.all(
      everyone.map((client) => ring.shareHolder(client).share(aggregate, everyone)),
    );
  });
  afterAll(async () => {
    const mean = await ring.merger().merge(aggregate, shares);
    expect(mean[1]).toBeCloseTo(-0.25, 5);
    await ring.close();
  });

  const lists = ['ciphertexts', 'blocks'] as const;
  it('survive 500 broken uploads', () =>
    survive(
      `${setup} uploads`,
      (random) => mutateObject(upload, lists, random),
      (broken) => ring.aggregator().weightedSum([upload, broken], weights),
    ));
  it('survive 500 broken aggregates to share', () =>
    survive(
      `${setup} aggregates`,
      (random) => mutateObject(aggregate, lists, random),
      (broken) => ring.shareHolder(0).share(broken, everyone),
    ));
  it('survive 500 broken aggregates to merge', () =>
    survive(
      `${setup} merged`,
      (random) => mutateObject(aggregate, lists, random),
      (broken) => ring.merger().merge(broken, shares),
    ));
  it('survive 500 broken shares', () =>
    survive(
      `${setup} shares`,
      (random) => mutateObject(shares[1] as DecryptionShare, ['payloads', 'openers'], random),
      (broken) => ring.merger().merge(aggregate, [shares[0] as DecryptionShare, broken]),
      100,
    ));
});
