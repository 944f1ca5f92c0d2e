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
  return exposeTransmission(view, adversary, { client: 0, round: 3 });
}

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
        for (const { id } of adversaries)
          expect(exposeTransmission(viewOf(scenario), id, target)).toEqual(oracle);
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
        for (const id of ['stale', 'global-fill', 'mask-aware'] as const) {
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
        for (const id of ['stale', 'global-fill', 'mask-aware'] as const) {
          const first = exposeTransmission(view, id, target);
          first.model.fill(9);
          first.start.fill(9);
          expect(structuredClone(view)).toEqual(before);
        }
      }),
    );
  });
});
