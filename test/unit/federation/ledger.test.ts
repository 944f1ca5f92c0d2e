import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../src/federation/ledger.ts';

/** Two clients, one round; at 8 bits per second a byte takes a second. */
function oneRound() {
  const ledger = new Ledger();
  const round = ledger.openRound(1, [4, 7]);
  round.seconds(4, 'train', 10);
  round.seconds(4, 'mask', 1);
  round.seconds(4, 'encrypt', 2);
  round.seconds(7, 'train', 20);
  round.bytes(4, 'up', 'plain-values', 5);
  round.bytes(4, 'up', 'ciphertexts', 6);
  round.bytes(7, 'up', 'ciphertexts', 3);
  round.aggregated(100);
  round.bytes(4, 'down', 'plain-values', 40);
  round.bytes(7, 'down', 'ciphertexts', 50);
  round.bytes(7, 'down', 'mask', 1);
  round.seconds(7, 'decrypt', 1000);
  round.returned(7, 'plain-values', 2000);
  ledger.keys('up', 8);
  ledger.keys('down', 30);
  return ledger;
}

describe('the ledger', () => {
  test('adds up bytes by kind and direction, keys included', () => {
    const costs = oneRound().summarise(8);
    expect(costs.bytesPerClientRound).toEqual({
      up: { 'plain-values': 2005 / 2, ciphertexts: 9 / 2, keys: 4 },
      down: { 'plain-values': 20, ciphertexts: 25, mask: 0.5, keys: 15 },
    });
    expect(costs.totalBytes).toEqual({ up: 2005 + 9 + 8, down: 40 + 50 + 1 + 30 });
  });

  test('means seconds per client and round, and per round for the server', () => {
    expect(oneRound().summarise(8).seconds).toEqual({
      train: 15,
      mask: 0.5,
      encrypt: 1,
      aggregate: 100,
      decrypt: 500,
    });
  });

  test('simulates the round: slowest upload, server, slowest download, decryption, return', () => {
    // Client 4: 10 + 1 + 2 + 11 = 24; client 7: 20 + 3 = 23. Keys travel before the clock starts.
    expect(oneRound().summarise(8).roundSeconds).toBe(24 + 100 + 51 + 1000 + 2000);
    expect(oneRound().summarise(80).roundSeconds).toBeCloseTo(20.3 + 100 + 5.1 + 1000 + 200, 9);
  });

  test('leaves clients out that are none of the federation', () => {
    const ledger = new Ledger((client) => client < 9);
    for (const ids of [[1], [2, 9]]) {
      const round = ledger.openRound(1, ids);
      for (const client of ids) {
        ledger.keys('down', 10, client);
        round.seconds(client, 'train', client === 9 ? 50 : 4);
        round.bytes(client, 'up', 'plain-values', 8);
      }
      round.aggregated(ids.length);
    }
    const costs = ledger.summarise(8);
    expect(costs.totalBytes).toEqual({ up: 16, down: 20 });
    expect(costs.bytesPerClientRound).toEqual({ up: { 'plain-values': 8 }, down: { keys: 10 } });
    expect(costs.seconds).toMatchObject({ train: 4, aggregate: 1.5 });
    expect(costs.roundSeconds).toBe(4 + 8 + 1.5);
    expect(ledger.rounds[1]?.clients).toHaveLength(2);
  });

  test('spreads what comes before training, and what helpers do, over all client rounds', () => {
    const ledger = new Ledger();
    const setup = ledger.openSetup([1, 2, 3]);
    for (const client of [1, 2, 3]) setup.bytes(client, 'up', 'ciphertexts', 100);
    setup.seconds(3, 'mask', 6);
    setup.aggregated(5);
    const round = ledger.openRound(1, [1, 2]);
    round.seconds(1, 'train', 4);
    round.helper(9);
    round.helper(1);
    round.seconds(9, 'decrypt', 2);
    round.bytes(9, 'down', 'ciphertexts', 50);
    round.returned(9, 'partial-decryptions', 25);
    const costs = ledger.summarise(8, 1.5);
    expect(costs.totalBytes).toEqual({ up: 325, down: 50 });
    expect(costs.bytesPerClientRound.up).toEqual({
      ciphertexts: 150,
      'partial-decryptions': 12.5,
    });
    expect(costs.seconds).toEqual({ train: 2, mask: 3, encrypt: 0, aggregate: 5, decrypt: 1 });
    // Before training nobody waits: 4 to train, 50 down, 2 to decrypt, 25 back.
    expect(costs.roundSeconds).toBe(4 + 50 + 2 + 25);
    expect(costs.keySeconds).toBe(1.5);
    expect(ledger.rounds.map(({ round }) => round)).toEqual([0, 1]);
    expect(ledger.rounds[1]?.helpers.map(({ client }) => client)).toEqual([9]);
  });

  test('knows the round it is in', () => {
    const round = new Ledger().openRound(2, [1]);
    expect(() => round.seconds(5, 'train', 1)).toThrow('client 5 takes no part in round 2');
  });
});
