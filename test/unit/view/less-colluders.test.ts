import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combine } from '../../../src/federation/new-model.ts';
import { type CoordinateSet, intersection, union } from '../../../src/view/coordinate-set.ts';
import { lessColluders } from '../../../src/view/less-colluders.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { RoundView, ServerView } from '../../../src/view/server-view.ts';

const SIZE = 6;

interface Client {
  readonly samples: number;
  readonly values: Float32Array;
  readonly mask: CoordinateSet;
  readonly sent: CoordinateSet;
}

/** Eighths, so that sums are exact; shares are not. */
const vector = fc
  .array(fc.integer({ min: -64, max: 64 }), { minLength: SIZE, maxLength: SIZE })
  .map((eighths) => Float32Array.from(eighths, (value) => value / 8));
const set = fc
  .array(fc.constantFrom(0, 1), { minLength: SIZE, maxLength: SIZE })
  .map((bits) => Uint8Array.from(bits));
const rests = fc.constantFrom('plaintext', 'zero', 'kept');
const clients = fc.array(
  fc.record<Client>({
    samples: fc.integer({ min: 1, max: 9 }),
    values: vector,
    mask: set,
    sent: set,
  }),
  { minLength: 2, maxLength: 5 },
);

/** The mean that the protocol takes of these clients, where `masked` is what the round encrypts. */
function mean(
  of: readonly Client[],
  rest: 'plaintext' | 'zero' | 'kept',
  masked: CoordinateSet,
  previous: Float32Array,
): Float32Array {
  const total = of.reduce((sum, { samples }) => sum + samples, 0);
  const senders = of.map(({ samples, mask, sent }) => ({
    weight: samples / total,
    encrypted: intersection(mask, sent),
    plain: sent.map((bit, at) => (rest === 'plaintext' ? bit & (1 - (mask[at] as number)) : 0)),
  }));
  const sum = new Float64Array(SIZE);
  senders.forEach(({ weight, encrypted, plain }, k) => {
    for (let at = 0; at < SIZE; at++)
      if (encrypted[at] === 1 || plain[at] === 1)
        sum[at] = (sum[at] as number) + weight * ((of[k] as Client).values[at] as number);
  });
  return combine({ senders, sum, rest, masked, previous });
}

describe('an aggregate less what colluders sent', () => {
  test('is the mean that the protocol takes of the other clients alone', () => {
    fc.assert(
      fc.property(clients, vector, rests, fc.nat(), (everybody, previous, rest, number) => {
        const masked = everybody.reduce(
          (all, { mask, sent }) => union(all, intersection(mask, sent)),
          new Uint8Array(SIZE) as CoordinateSet,
        );
        const colluding = 1 + (number % (everybody.length - 1));
        const round = {
          round: 1,
          globalModel: PartialVector.complete(previous),
          mask: masked,
          transmissions: everybody.map(({ samples, values, mask, sent }, client) => ({
            ...{ client, samples, mask, sent, localSteps: 1, batchSize: 9 },
            weights:
              client < colluding ? PartialVector.complete(values) : PartialVector.unknown(SIZE),
            ciphertexts: { count: 0, bytes: 0 },
          })),
        } as RoundView;
        const view = {
          size: SIZE,
          ...(rest !== 'plaintext' && { rest }),
          colluders: [...everybody.keys()].slice(0, colluding),
        } as unknown as ServerView;
        const all = PartialVector.complete(mean(everybody, rest, masked, previous));
        const left = lessColluders(view, round, all);
        const alone = mean(everybody.slice(colluding), rest, masked, previous);
        expect(left.isComplete).toBe(true);
        // Values up to 8 are float32 to 5e-7; a share of 1 / 37 or more is left of them.
        left.values.forEach((value, at) => {
          expect(Math.abs(value - (alone[at] as number))).toBeLessThan(4e-5);
        });
      }),
    );
  });

  test('is known where the aggregate, its start and the colluders’ models are', () => {
    const part = (...known: number[]) =>
      PartialVector.restrict(Float32Array.of(1, 2, 3, 4), Uint8Array.from(known));
    const sent = { samples: 1, localSteps: 1, batchSize: 1, ciphertexts: { count: 0, bytes: 0 } };
    const round: RoundView = {
      round: 1,
      globalModel: part(0, 1, 1, 1),
      mask: new Uint8Array(4),
      transmissions: [
        { ...sent, client: 0, weights: part(1, 0, 1, 1) },
        { ...sent, client: 1, weights: part(0, 0, 0, 0) },
      ],
    };
    const view = { size: 4, colluders: [0] } as unknown as ServerView;
    const left = lessColluders(view, round, part(1, 1, 1, 0));
    expect(left).toEqual(
      PartialVector.restrict(Float32Array.of(0, 0, 3, 0), Uint8Array.of(0, 0, 1, 0)),
    );
    // Nobody of the round colludes: as it was.
    expect(lessColluders({ ...view, colluders: [7] }, round, part(1, 1, 1, 0))).toEqual(
      part(1, 1, 1, 0),
    );
  });
});
