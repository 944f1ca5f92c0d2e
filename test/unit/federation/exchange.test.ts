import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/engine/random.ts';
import { exactSum, exchange, type Sending } from '../../../src/federation/exchange.ts';
import { FederationKeys } from '../../../src/federation/federation-keys.ts';
import { transparentKeyRing } from './toy.ts';

const bits = (text: string) => Uint8Array.from(text, Number);
const { signal } = new AbortController();

function keys() {
  const ring = transparentKeyRing();
  return { ring, keys: new FederationKeys(ring, { setup: 'shared' }, 3) };
}

describe('an exchange', () => {
  const senders: Sending[] = [
    {
      client: 4,
      values: Float32Array.of(1, 2, 3, 4),
      encrypted: bits('1010'),
      plain: bits('0101'),
      weight: 0.25,
    },
    {
      client: 2,
      values: Float32Array.of(5, 6, 7, 8),
      encrypted: bits('1100'),
      plain: bits('0010'),
      weight: 0.75,
    },
  ];

  test('aligns what clients encrypt, padded with 0, and adds the plaintext', async () => {
    const { ring, keys: shared } = keys();
    const exchanged = await exchange(shared, senders, [4, 2], [4], signal);
    expect(ring.encrypted).toEqual([Float32Array.of(1, 0, 3), Float32Array.of(5, 6, 0)]);
    expect(exchanged).toMatchObject({ maskedCount: 3, plainCount: 3, sentCount: 4 });
    expect(exchanged.masked).toEqual(bits('1110'));
    expect(exchanged.senders).toMatchObject([
      { plainValues: 2, ciphertexts: { count: 1, bytes: 12 } },
      { plainValues: 1, ciphertexts: { count: 1, bytes: 12 } },
    ]);
    // .25 · client 4 + .75 · client 2; the last coordinate is client 4's alone.
    expect(exchanged.sum).toEqual(Float64Array.of(4, 5, 6, 1));
    expect(exactSum(senders)).toEqual(exchanged.sum);
    expect(exchanged.contributions).toMatchObject([{ client: 4, bytes: 12, downloaded: 12 }]);
  });

  test('sums but does not open when nobody can', async () => {
    const exchanged = await exchange(keys().keys, senders, [4, 2], undefined, signal);
    expect(exchanged).not.toHaveProperty('sum');
    expect(exchanged).toMatchObject({ aggregateBytes: 12, contributions: [] });
  });

  test('leaves out ciphertexts in which a client has nothing, and works piece by piece', async () => {
    const perCiphertext = 4096;
    const size = 40 * perCiphertext;
    const random = randomStream(1, 'exchange');
    const packs = [[0, 1, 5, 39], [1, 5, 6, 38], [...Array(40).keys()]];
    const many = packs.map((own, client): Sending => {
      const encrypted = new Uint8Array(size);
      for (const pack of own) encrypted.fill(1, pack * perCiphertext, (pack + 1) * perCiphertext);
      return {
        client,
        values: Float32Array.from({ length: size }, () => random.normal()),
        encrypted,
        plain: new Uint8Array(size),
        weight: 0.25 + client / 12,
      };
    });
    const { ring, keys: shared } = keys();
    const exchanged = await exchange(shared, many, [0, 1, 2], [1], signal);
    expect(exchanged.senders.map(({ ciphertexts }) => ciphertexts.count)).toEqual([4, 4, 40]);
    expect(Math.max(...ring.encrypted.map(({ length }) => length))).toBe(16 * perCiphertext);
    const exact = exactSum(many);
    const gap = exact.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (exchanged.sum?.[at] as number))),
      0,
    );
    // The transparent ring sums in float64 and returns float32, of values below 8.
    expect(gap).toBeLessThan(8 * 2 ** -24);
  });
});
