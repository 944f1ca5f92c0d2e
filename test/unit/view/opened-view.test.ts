import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/engine/random.ts';
import { chooseColluders } from '../../../src/view/colluders.ts';
import { type Access, deduceView, openView } from '../../../src/view/opened-view.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import { parseView, serialiseView } from '../../../src/view/serialise.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import { scenarios, viewOf } from './views.ts';

const SIZE = 8;
const mask = Uint8Array.of(1, 1, 0, 1, 1, 0, 1, 1);
const vector = (of: number) => Float32Array.from({ length: SIZE }, (_, at) => 10 * of + at);

type Encryption = ServerView['encryption'];

/** Two rounds: clients 0, 1 and 2, then 0, 1 and 3, all under one mask. */
function federation(
  keySetup: Encryption['keySetup'],
  { masked = true, serverLearns = 'plain-part' as ServerView['serverLearns'], threshold = 0 } = {},
): ServerView {
  const part = (weights: Float32Array) =>
    masked ? PartialVector.plaintextPart(weights, mask) : PartialVector.complete(weights);
  const learned = (weights: Float32Array) =>
    serverLearns === 'aggregate' ? PartialVector.complete(weights) : part(weights);
  const participants = [
    [0, 1, 2],
    [0, 1, 3],
  ];
  return {
    model: 'toy',
    size: SIZE,
    hyper: { learningRate: 0.1, localEpochs: 1, batchSize: 4 },
    encryption: {
      parameterSet: 'ckks-tenseal',
      keySetup,
      ...(keySetup === 'threshold' && { threshold }),
    },
    serverLearns,
    initialModel: vector(0),
    rounds: participants.map((clients, at) => ({
      round: at + 1,
      globalModel: at === 0 ? PartialVector.complete(vector(0)) : learned(vector(1)),
      mask,
      transmissions: clients.map((client) => ({
        client,
        samples: 4,
        localSteps: 1,
        batchSize: 4,
        weights: part(vector(100 * (at + 1) + client)),
        ciphertexts: { count: 1, bytes: 100 },
      })),
      ...(keySetup === 'per-client' && {
        blocks: clients.map((client) => ({ client, length: 2 })),
      }),
    })),
    finalModel: learned(vector(2)),
  };
}

function opened(
  keySetup: Encryption['keySetup'],
  access: Partial<Access>,
  options: Parameters<typeof federation>[1] = {},
) {
  const view = openView(
    federation(keySetup, options),
    federation(keySetup, { ...options, masked: false }),
    { colluders: [], recovered: [], ...access },
  );
  const [first, second] = view.rounds as [ServerView['rounds'][0], ServerView['rounds'][0]];
  const knownOf = ({ transmissions }: ServerView['rounds'][0], client: number) =>
    transmissions.find((sent) => sent.client === client)?.weights.known;
  return { view, first, second, knownOf };
}

const plain = Uint8Array.from(mask, (bit) => 1 - bit);
const everything = new Uint8Array(SIZE).fill(1);

describe('what colluders open', () => {
  test('a shared key: everything of everybody', () => {
    const { view, first, second, knownOf } = opened('shared', { colluders: [2] });
    for (const client of [0, 1, 2]) expect(knownOf(first, client)).toEqual(everything);
    expect(knownOf(second, 0)).toEqual(everything);
    expect(view.finalModel.known).toEqual(everything);
    expect(second.globalModel.values).toEqual(vector(1));
    expect(second.transmissions[2]?.weights.values).toEqual(vector(203));
  });

  test('block keys: the colluders’ blocks, c / K of what is encrypted', () => {
    const { first, second, knownOf } = opened('per-client', { colluders: [1] });
    // Masked are 0, 1, 3, 4, 6, 7; client 1 holds the second block of two.
    const withBlock = Uint8Array.of(0, 0, 1, 1, 1, 1, 0, 0);
    expect(knownOf(first, 0)).toEqual(withBlock);
    expect(knownOf(first, 2)).toEqual(withBlock);
    expect(knownOf(first, 1)).toEqual(everything);
    expect(knownOf(second, 3)).toEqual(withBlock);
    // It was sent w_1 to train on, and decrypts w_2.
    expect(second.globalModel.known).toEqual(everything);
  });

  test('block keys of a colluder that stayed away: nothing of that round', () => {
    const { first, second, view, knownOf } = opened('per-client', { colluders: [3] });
    for (const client of [0, 1, 2]) expect(knownOf(first, client)).toEqual(plain);
    expect(knownOf(second, 0)).toEqual(Uint8Array.of(0, 0, 1, 0, 0, 1, 1, 1));
    expect(view.finalModel.known).toEqual(everything);
  });

  test('a threshold key: nothing below the threshold, everything from it on', () => {
    const below = opened('threshold', { colluders: [0] }, { threshold: 2 });
    expect(below.knownOf(below.first, 2)).toEqual(plain);
    const reached = opened('threshold', { colluders: [0, 3] }, { threshold: 2 });
    expect(reached.knownOf(reached.first, 2)).toEqual(everything);
  });

  test('a joint key: the last honest update of a known aggregate, and nothing before', () => {
    const one = opened('joint', { colluders: [0] });
    expect(one.knownOf(one.first, 1)).toEqual(plain);
    const two = opened('joint', { colluders: [0, 1] });
    expect(two.knownOf(two.first, 2)).toEqual(everything);
    expect(two.first.transmissions[2]?.weights.values).toEqual(vector(102));
  });

  test('keys of their own: only the colluders’ updates', () => {
    const { first, knownOf } = opened('own-key', { colluders: [0] });
    expect(knownOf(first, 0)).toEqual(everything);
    expect(knownOf(first, 1)).toEqual(plain);
  });
});

describe('what recovered keys open', () => {
  test('the key of all: everything', () => {
    const { first, view, knownOf } = opened('joint', { recovered: 'the key' });
    expect(knownOf(first, 1)).toEqual(everything);
    expect(view.finalModel.known).toEqual(everything);
  });

  test('a client’s own key: that client’s updates, not the global model it was sent', () => {
    const { first, second, knownOf } = opened('own-key', { recovered: [0] });
    expect(knownOf(first, 0)).toEqual(everything);
    expect(knownOf(first, 1)).toEqual(plain);
    expect(second.globalModel.known).toEqual(plain);
  });

  test('a block key: its block', () => {
    const { first, knownOf } = opened('per-client', { recovered: [0] });
    expect(knownOf(first, 2)).toEqual(Uint8Array.of(1, 1, 1, 0, 0, 1, 0, 0));
  });
});

describe('what the server works out alone', () => {
  /** Client k of a round encrypts coordinate k and, with all others, coordinate 7. */
  const individually = (masked: boolean, serverLearns: ServerView['serverLearns']) => {
    const view = federation('shared', { masked, serverLearns });
    const union = Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 1);
    const learned = (of: number) =>
      masked && serverLearns === 'plain-part'
        ? PartialVector.plaintextPart(vector(of), union)
        : PartialVector.complete(vector(of));
    return {
      ...view,
      finalModel: learned(2),
      rounds: view.rounds.map((round, at) => ({
        ...round,
        mask: union,
        globalModel: at === 0 ? round.globalModel : learned(1),
        transmissions: round.transmissions.map((sent, k) => {
          const own = Uint8Array.from({ length: SIZE }, (_, at) => (at === k || at === 7 ? 1 : 0));
          const full = PartialVector.complete(vector(100 * round.round + sent.client));
          const weights = masked ? PartialVector.plaintextPart(full.values, own) : full;
          return { ...sent, mask: own, weights };
        }),
      })),
    };
  };

  test('is what one client alone encrypted, where it learns the aggregate', () => {
    const known = deduceView(individually(true, 'aggregate'), individually(false, 'aggregate'));
    for (const { transmissions } of known.rounds)
      for (const { weights } of transmissions)
        expect(weights.known).toEqual(Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 0));
    expect(known.rounds[0]?.transmissions[1]?.weights.values[1]).toBe(vector(101)[1]);
  });

  test('is nothing more where it learns the plaintext part, or all share a mask', () => {
    const [server, oracle] = [true, false].map((masked) => individually(masked, 'plain-part'));
    expect(deduceView(server as ServerView, oracle as ServerView)).toEqual(server);
    const shared = federation('shared', { serverLearns: 'aggregate' });
    expect(deduceView(shared, federation('shared', { masked: false }))).toBe(shared);
  });
});

describe('an opened view', () => {
  const targets = [{ client: 0, round: 1 }];

  test('where nothing opens is the server’s, and what was known stays as it was', () => {
    fc.assert(
      fc.property(scenarios(), (scenario) => {
        const server = viewOf(scenario);
        const view = openView(server, viewOf(scenario, false), { colluders: [9], recovered: [] });
        expect(parseView(serialiseView(view)).rounds).toHaveLength(server.rounds.length);
        expect(parseView(serialiseView(view)).colluders).toEqual([9]);
        server.rounds.forEach(({ transmissions }, at) => {
          transmissions.forEach(({ weights }, k) => {
            const now = view.rounds[at]?.transmissions[k]?.weights as PartialVector;
            const base = new Float32Array(server.size).fill(9);
            weights.known.forEach((bit, i) => {
              if (bit === 1) expect(now.fillFrom(base)[i]).toBe(weights.fillFrom(base)[i]);
            });
          });
        });
      }),
    );
  });

  test('never holds what a client didn’t send', () => {
    const withSent = (view: ServerView): ServerView => ({
      ...view,
      rest: 'zero',
      rounds: view.rounds.map((round) => ({
        ...round,
        transmissions: round.transmissions.map((one) => ({
          ...one,
          weights: view.serverLearns === 'plain-part' ? PartialVector.unknown(SIZE) : one.weights,
          sent: mask,
        })),
      })),
    });
    const server = withSent(federation('shared'));
    const oracle = withSent(federation('shared', { masked: false, serverLearns: 'aggregate' }));
    const view = openView(server, oracle, { colluders: [2], recovered: [] });
    expect(view.rounds[0]?.transmissions[0]?.weights.known).toEqual(mask);
  });

  test('can’t be made from a record that has absences itself', () => {
    const server = federation('shared');
    expect(() => openView(server, server, { colluders: [2], recovered: [] })).toThrow(RangeError);
  });

  test('colluders are ordinary clients in most of the attacked rounds, never asked about', () => {
    const { rounds } = federation('shared');
    const choose = (count: number, seed = 1, ordinaryClients = 4) =>
      chooseColluders({ count, rounds, ordinaryClients, targets, random: randomStream(seed, 'c') });
    // Clients 1 and 2 took part in round 1, client 3 only in round 2.
    expect(choose(2)?.toSorted()).toEqual([1, 2]);
    expect(choose(3)).toEqual([...(choose(2) ?? []), 3]);
    expect(choose(1)).toEqual(choose(2)?.slice(0, 1));
    expect(choose(4)).toBeUndefined();
    expect(choose(3, 1, 3)).toBeUndefined();
    const firsts = new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => choose(1, seed)?.[0]));
    expect(firsts).toEqual(new Set([1, 2]));
  });
});
