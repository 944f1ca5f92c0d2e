import { describe, expect, test } from 'vitest';
import { NotApplicable } from '../../../src/api/attack.ts';
import { answersLeft, questionsTo } from '../../../src/run/colluders-share.ts';
import { EVERYBODY } from '../../../src/view/aggregate.ts';
import type { AuxiliaryKnowledge } from '../../../src/view/auxiliary.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { ServerView } from '../../../src/view/server-view.ts';

const model = PartialVector.complete(Float32Array.of(0));

/** Clients 3, 0 and 12 in round 1, with 2, 1 and 1 images; client 3 alone in round 2. */
function viewWith(colluders: readonly number[]): ServerView {
  const round = (number: number, clients: readonly (readonly [number, number])[]) => ({
    round: number,
    globalModel: model,
    mask: Uint8Array.of(0),
    transmissions: clients.map(([client, samples]) => ({
      ...{ client, samples, localSteps: 1, batchSize: 4, weights: model },
      ciphertexts: { count: 0, bytes: 0 },
    })),
  });
  return {
    size: 1,
    rounds: [
      round(1, [
        [3, 2],
        [0, 1],
        [12, 1],
      ]),
      round(2, [[3, 2]]),
    ],
    finalModel: model,
    ...(colluders.length > 0 && { colluders }),
  } as unknown as ServerView;
}

const target = (round: number, samples: number, client: number = EVERYBODY) => ({
  ...{ client, round, samples, localSteps: 1 },
});
const auxiliary = {
  membership: [],
  reconstruction: [target(1, 4), target(2, 2)],
} as unknown as AuxiliaryKnowledge;

/** Image k of a round is full of 10 · round + k, of class k. */
const truth = {
  membership: [],
  reconstruction: [
    [3, 3, 0, 12],
    [3, 3],
  ].map((owners, at) => ({
    ...{ client: EVERYBODY, round: at + 1, inputShape: [1, 2, 1] },
    images: Float32Array.from(owners.flatMap((_, k) => [10 * (at + 1) + k, 10 * (at + 1) + k])),
    labels: Int32Array.from(owners.keys()),
    owners: Int32Array.from(owners),
  })),
} as unknown as GroundTruth;

describe('where a client colludes', () => {
  test('its images are neither asked for nor answers', () => {
    const asked = questionsTo(viewWith([0]), 'reconstruction', auxiliary);
    expect(asked.reconstruction).toEqual([target(1, 3), target(2, 2)]);
    const [first, second] = answersLeft(truth, [0]).reconstruction;
    expect(first).toEqual({
      ...{ client: EVERYBODY, round: 1, inputShape: [1, 2, 1] },
      images: Float32Array.of(10, 10, 11, 11, 13, 13),
      labels: Int32Array.of(0, 1, 3),
      owners: Int32Array.of(3, 3, 12),
    });
    expect(second).toEqual(truth.reconstruction[1]);
  });

  test('an aggregate of colluders alone is no question', () => {
    const asked = questionsTo(viewWith([3]), 'reconstruction', auxiliary);
    expect(asked.reconstruction).toEqual([target(1, 2)]);
    expect(answersLeft(truth, [3]).reconstruction.map(({ labels }) => [...labels])).toEqual([
      [2, 3],
    ]);
  });

  test('and nobody else is left, it is not applicable to attacks on images, and to no other', () => {
    const everybody = viewWith([0, 3, 12]);
    for (const kind of ['reconstruction', 'text'] as const)
      expect(() => questionsTo(everybody, kind, auxiliary)).toThrow(NotApplicable);
    expect(questionsTo(everybody, 'membership', auxiliary).reconstruction).toEqual([]);
    const none = { ...auxiliary, reconstruction: [] };
    expect(questionsTo(everybody, 'reconstruction', none).reconstruction).toEqual([]);
  });

  test('single probes are asked about as ever', () => {
    const single = { ...auxiliary, reconstruction: [target(1, 1, 12)] };
    expect(questionsTo(viewWith([0]), 'reconstruction', single)).toEqual(single);
    const probe = {
      ...truth,
      reconstruction: truth.reconstruction.map(({ owners: _, ...one }) => one),
    };
    expect(answersLeft(probe, [3])).toEqual(probe);
  });
});

test('where nobody colludes nothing changes', () => {
  expect(questionsTo(viewWith([]), 'reconstruction', auxiliary)).toBe(auxiliary);
  expect(answersLeft(truth)).toBe(truth);
});
