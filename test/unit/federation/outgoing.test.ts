import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Defense, defineDefense, type UpdateTransform } from '../../../src/api/defense.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { OutgoingUpdates } from '../../../src/federation/outgoing.ts';
import { softmaxRegression } from './toy.ts';

const { layout } = softmaxRegression;
const { size } = layout;
const fill = (value: number) => new Float32Array(size).fill(value);

/** Sends the first two coordinates of the doubled difference, and counts its rounds. */
const doubledDifference: UpdateTransform<{ rounds: number }> = {
  remember: () => ({ rounds: 0 }),
  transform({ localModel, globalModel }, memory) {
    memory.rounds++;
    const sent = new Uint8Array(size).fill(1, 0, 2);
    const values = localModel.map((weight, at) =>
      at < 2 ? 2 * (weight - (globalModel[at] as number)) + memory.rounds : 0,
    );
    return { values, sent };
  },
  asModel: (values, { globalModel }) =>
    values.map((value, at) => value / 2 + (globalModel[at] as number)),
  conclude: (mean, { globalModel }) =>
    mean.map((value, at) => value / 2 + (globalModel[at] as number)),
};

function declared(more: Partial<Defense<object>>) {
  const defense = defineDefense<object, unknown>({
    meta: { id: 'scripted', version: 1, title: 'S', source: 'a test', params: z.object({}) },
    keys: () => ({ setup: 'shared' }),
    scheme: () => 'ckks-tenseal',
    mask: { when: () => 'once', agree: () => new Uint8Array(size) },
    serverLearns: () => 'aggregate',
    ...more,
  });
  return new OutgoingUpdates(defense, {}, layout, randomStream(1, 'outgoing'));
}

const update = (client: number, value: number) => ({
  client,
  samples: 3,
  localSteps: 1,
  batchSize: 3,
  localModel: fill(value),
  trainSeconds: 0,
  gradient: () => Promise.reject(new Error('not asked')),
});

const firstOnly = new Uint8Array(size).fill(1, 0, 1);

describe('an update on its way out', () => {
  test('is the local model where nothing changes it', () => {
    const sent = declared({}).send(1, update(3, 5), fill(4), firstOnly);
    expect(sent.values).toBe(sent.update.localModel);
    expect(sent.encrypted).toBe(firstOnly);
    expect([...sent.plain]).toEqual([0, ...Array(size - 1).fill(1)]);
    expect(declared({}).visible(sent, 1)).toBe(sent.update.localModel);
  });

  test('is transformed, with a memory of its own for each client', () => {
    const outgoing = declared({ transform: () => doubledDifference });
    outgoing.send(1, update(3, 5), fill(4), firstOnly);
    const second = outgoing.send(2, update(3, 5), fill(4), firstOnly);
    const other = outgoing.send(2, update(8, 5), fill(4), firstOnly);
    expect([...second.values.slice(0, 3)]).toEqual([4, 4, 0]);
    expect([...other.values.slice(0, 3)]).toEqual([3, 3, 0]);
    expect([...second.encrypted.slice(0, 3)]).toEqual([1, 0, 0]);
    expect([...second.plain.slice(0, 3)]).toEqual([0, 1, 0]);
    // What travelled, as a model; elsewhere the client's own.
    expect([...outgoing.visible(second, 2).slice(0, 3)]).toEqual([6, 6, 5]);
    expect([...outgoing.received(fill(2), 2, fill(7)).slice(0, 2)]).toEqual([8, 8]);
  });

  test('is perturbed once its mask is known', () => {
    const outgoing = declared({
      perturb:
        () =>
        ({ values, mask, samples }) =>
          values.map((value, at) => (mask[at] === 1 ? value : value + samples)),
    });
    const sent = outgoing.send(1, update(3, 5), fill(4), firstOnly);
    expect([...sent.values.slice(0, 3)]).toEqual([5, 8, 8]);
    expect([...outgoing.visible(sent, 1).slice(0, 3)]).toEqual([5, 8, 8]);
  });

  test.each(['zero', 'kept'] as const)('%s: nothing off the mask travels', (rest) => {
    const outgoing = declared({ rest: () => rest });
    const { plain } = outgoing.send(1, update(3, 5), fill(4), firstOnly);
    expect(plain.every((bit) => bit === 0)).toBe(true);
  });

  test('of another length is refused by name', () => {
    const outgoing = declared({ perturb: () => () => new Float32Array(2) });
    expect(() => outgoing.send(1, update(3, 5), fill(4), firstOnly)).toThrow(
      'The defense scripted gave 2 values in perturb for a model of 15',
    );
  });
});
