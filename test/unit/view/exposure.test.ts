import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AdversaryId, adversaries } from '../../../src/view/adversaries.ts';
import { exposeTransmission } from '../../../src/view/exposure.ts';
import { type Scenario, scenarios, viewOf } from './views.ts';

const f = (...values: number[]) => Float32Array.from(values);
const bits = (...values: number[]) => Uint8Array.from(values);

/** Client 0 takes part in rounds 1 and 3, client 1 in round 2 only. */
const byHand = (serverLearns: Scenario['serverLearns']): Scenario => ({
  serverLearns,
  globals: [f(0, 0, 0, 0), f(1, 1, 1, 1), f(2, 2, 2, 2), f(3, 3, 3, 3)],
  masks: [bits(1, 0, 0, 1), bits(0, 1, 0, 1), bits(1, 1, 0, 0)],
  locals: [
    [f(10, 11, 12, 13), undefined],
    [undefined, f(20, 21, 22, 23)],
    [f(30, 31, 32, 33), undefined],
  ],
});

function expose(serverLearns: Scenario['serverLearns'], adversary: AdversaryId) {
  const view = viewOf(byHand(serverLearns), adversary !== 'oracle');
  return exposeTransmission({ view, freshModel }, adversary, { client: 0, round: 3 });
}

const freshModel = () => f(-1, -2, -3, -4);

describe('what an adversary reads of client 0 in round 3', () => {
  test('stale: its own earlier plaintext, then w_0', () => {
    const exposed = expose('aggregate', 'stale');
    expect(exposed.model).toEqual(f(0, 11, 32, 33));
    expect(exposed.start).toEqual(f(2, 2, 2, 2));
    expect(exposed.scored).toEqual(bits(1, 1, 1, 1));
    expect(exposed.knownCount).toBe(2);
    expect(exposed).toMatchObject({
      client: 0,
      round: 3,
      samples: 8,
      localSteps: 4,
      batchSize: 4,
      learningRate: 0.1,
    });
  });

  test('stale, where the server keeps the plaintext part: the start is filled the same way', () => {
    // Round 2 hid coordinates 1 and 3 of w_2; the victim exposed 11 at 1 in round 1, never 3.
    expect(expose('plain-part', 'stale').start).toEqual(f(2, 11, 2, 0));
  });

  test('global-fill: w_{t-1} where the protocol gives all of it', () => {
    const exposed = expose('aggregate', 'global-fill');
    expect(exposed.model).toEqual(f(2, 2, 32, 33));
    expect(exposed.start).toEqual(f(2, 2, 2, 2));
    expect(exposed.scored).toEqual(bits(1, 1, 1, 1));
  });

  test('global-fill: else the most recent plaintext value of any global model', () => {
    // Coordinate 1 was last seen in w_1 (mask of round 1), coordinate 3 only in w_0.
    const exposed = expose('plain-part', 'global-fill');
    expect(exposed.start).toEqual(f(2, 1, 2, 0));
    expect(exposed.model).toEqual(f(2, 1, 32, 33));
  });

  test('mask-aware: scores plaintext coordinates whose start is known', () => {
    expect(expose('aggregate', 'mask-aware')).toMatchObject({
      scored: bits(0, 0, 1, 1),
      knownCount: 2,
    });
    // w_2 is not known at coordinate 3.
    expect(expose('plain-part', 'mask-aware')).toMatchObject({
      scored: bits(0, 0, 1, 0),
      knownCount: 1,
    });
  });

  test('zero and random: 0 and a fresh model, at both ends', () => {
    expect(expose('plain-part', 'zero')).toMatchObject({
      start: f(2, 0, 2, 0),
      model: f(0, 0, 32, 33),
      scored: bits(1, 1, 1, 1),
      knownCount: 2,
    });
    expect(expose('plain-part', 'random')).toMatchObject({
      start: f(2, -2, 2, -4),
      model: f(-1, -2, 32, 33),
    });
    const view = viewOf(byHand('plain-part'));
    expect(() => exposeTransmission(view, 'random', { client: 0, round: 3 })).toThrow(
      'needs a fresh initial model',
    );
  });

  test('history, where the server learns aggregates: the new global model', () => {
    expect(expose('aggregate', 'history')).toMatchObject({
      start: f(2, 2, 2, 2),
      model: f(3, 3, 32, 33),
      scored: bits(1, 1, 1, 1),
      knownCount: 4,
    });
  });

  test('history: on the line between what was known before and after', () => {
    const view = viewOf(byHand('plain-part'));
    // Round 1 encrypted 0 and 3. Later, 0 was seen in w_2 (round 2) and 3 in the victim's own update
    // of round 3; before, both in w_0 alone. No global model after w_0 showed coordinate 3 until w_3.
    const first = exposeTransmission(view, 'history', { client: 0, round: 1 });
    expect(first.start).toEqual(f(0, 0, 0, 0));
    expect(first.model).toEqual(f(1, 11, 12, 11));
    expect(first.scored).toEqual(bits(1, 1, 1, 1));
    // Round 3 encrypted 0 and 1, and nothing came after it.
    const last = exposeTransmission(view, 'history', { client: 0, round: 3 });
    expect(last.model).toEqual(f(2, 11, 32, 33));
    expect(last.scored).toEqual(bits(0, 0, 1, 1));
    // w_2 at coordinate 3: between w_0 and w_3, two thirds of the way.
    expect(last.start[3]).toBeCloseTo(2, 6);
  });

  test('oracle: everything', () => {
    expect(expose('plain-part', 'oracle')).toMatchObject({
      start: f(2, 2, 2, 2),
      model: f(30, 31, 32, 33),
      scored: bits(1, 1, 1, 1),
      knownCount: 4,
    });
  });

  test('nothing, where it sent nothing or the record is not the one to read', () => {
    const view = viewOf(byHand('aggregate'));
    expect(() => exposeTransmission(view, 'stale', { client: 0, round: 2 })).toThrow(
      'client 0 sent nothing in round 2',
    );
    expect(() => exposeTransmission(view, 'oracle', { client: 0, round: 3 })).toThrow(RangeError);
  });
});

describe('invariants of exposures', () => {
  const target = { client: 0, round: 3 };

  test('without encryption all adversaries read the same, bit by bit', () => {
    fc.assert(
      fc.property(scenarios(fc.constant(0)), (scenario) => {
        const oracle = exposeTransmission(viewOf(scenario, false), 'oracle', target);
        const { length } = scenario.globals[0] as Float32Array;
        const sources = { view: viewOf(scenario), freshModel: () => new Float32Array(length) };
        for (const { id, counted } of adversaries) {
          const adversary = (counted ? `${id}:1` : id) as AdversaryId;
          expect(exposeTransmission(sources, adversary, target)).toEqual(oracle);
        }
      }),
    );
  });

  test('with full encryption only the fill is left', () => {
    fc.assert(
      fc.property(scenarios(fc.constant(1)), (scenario) => {
        const view = viewOf(scenario);
        expect(exposeTransmission(view, 'stale', target).model).toEqual(scenario.globals[0]);
        const filled = exposeTransmission(view, 'global-fill', target);
        expect(filled.model).toEqual(filled.start);
        expect(filled.knownCount).toBe(0);
        expect(exposeTransmission(view, 'mask-aware', target).knownCount).toBe(0);
      }),
    );
  });

  test('plaintext coordinates are read as they were sent, by everyone', () => {
    fc.assert(
      fc.property(scenarios(), (scenario) => {
        const mask = scenario.masks[2] as Uint8Array;
        const sent = scenario.locals[2]?.[0] as Float32Array;
        for (const id of ['stale', 'zero', 'global-fill', 'mask-aware', 'history'] as const) {
          const { model, scored } = exposeTransmission(viewOf(scenario), id, target);
          mask.forEach((encrypted, at) => {
            if (encrypted === 0) expect(model[at]).toBe(sent[at]);
            else if (id === 'mask-aware') expect(scored[at]).toBe(0);
          });
        }
      }),
    );
  });

  test('reading does not write: two readings are equal and the view is untouched', () => {
    fc.assert(
      fc.property(scenarios(), (scenario) => {
        const view = viewOf(scenario);
        const before = structuredClone(view);
        for (const id of ['stale', 'zero', 'global-fill', 'mask-aware', 'history'] as const) {
          const first = exposeTransmission(view, id, target);
          first.model.fill(9);
          first.start.fill(9);
          expect(structuredClone(view)).toEqual(before);
        }
      }),
    );
  });
});
