import { describe, expect, test } from 'vitest';
import type { AdversaryId } from '../../../src/view/adversaries.ts';
import { EVERYBODY, observedIn } from '../../../src/view/aggregate.ts';
import { exposeTransmission } from '../../../src/view/exposure.ts';
import { openView } from '../../../src/view/opened-view.ts';
import type { RoundView, ServerView } from '../../../src/view/server-view.ts';
import { type Scenario, viewOf } from './views.ts';

const f = (...values: number[]) => Float32Array.from(values);
const bits = (...values: number[]) => Uint8Array.from(values);

/** Two clients in both rounds; coordinate 0 is encrypted in the first, coordinate 1 in the second. */
const scenario = (serverLearns: Scenario['serverLearns']): Scenario => ({
  serverLearns,
  globals: [f(0, 0, 0), f(1, 1, 1), f(2, 2, 2)],
  masks: [bits(1, 0, 0), bits(0, 1, 0)],
  locals: [
    [f(10, 11, 12), f(-8, -9, -10)],
    [f(20, 21, 22), f(-16, -17, -18)],
  ],
});

const expose = (view: ServerView, adversary: AdversaryId, round = 2) =>
  exposeTransmission({ view, freshModel: () => f(7, 7, 7) }, adversary, {
    client: EVERYBODY,
    round,
  });

/** The view with its transmissions changed alike. */
function having(view: ServerView, change: (client: number) => object): ServerView {
  return {
    ...view,
    rounds: view.rounds.map((round) => ({
      ...round,
      transmissions: round.transmissions.map((sent) => ({ ...sent, ...change(sent.client) })),
    })),
  };
}

describe('a round’s aggregate', () => {
  test('is read as a transmission of the new global model, where the server gets it', () => {
    const exposed = expose(viewOf(scenario('aggregate')), 'mask-aware');
    expect(exposed).toMatchObject({ client: EVERYBODY, round: 2, samples: 16, knownCount: 3 });
    expect([exposed.start, exposed.model]).toEqual([f(1, 1, 1), f(2, 2, 2)]);
  });

  test('where it gets the plaintext part, encrypted coordinates are filled as ever', () => {
    const view = viewOf(scenario('plain-part'));
    // w_1 is known but for coordinate 0, w_2 but for coordinate 1; w_0 is public.
    const aware = expose(view, 'mask-aware');
    expect(aware.scored).toEqual(bits(0, 0, 1));
    expect([aware.start, aware.model]).toEqual([f(0, 1, 1), f(2, 1, 2)]);
    // The victim's own earlier values are those of the first aggregate.
    expect(expose(view, 'stale').model).toEqual(f(2, 1, 2));
    expect(expose(view, 'zero').model).toEqual(f(2, 0, 2));
    expect(expose(view, 'random').model).toEqual(f(2, 7, 2));
    // In round 1 coordinate 0 lies between w_0 and w_2.
    expect(expose(view, 'history', 1)).toMatchObject({
      model: f(1, 1, 1),
      scored: bits(1, 1, 1),
    });
    expect(expose(viewOf(scenario('plain-part'), false), 'oracle')).toMatchObject({
      start: f(1, 1, 1),
      model: f(2, 2, 2),
      knownCount: 3,
    });
  });

  test('is known to a client of the round, whatever the keys: it is sent the new model', () => {
    const [view, oracle] = [true, false].map((masked) => viewOf(scenario('plain-part'), masked));
    const opened = openView(view as ServerView, oracle as ServerView, {
      colluders: [1],
      recovered: [],
    });
    expect(expose(opened, 'collusion:1').knownCount).toBe(3);
  });

  test('is that of the other clients to a server that a client of it colludes with', () => {
    const [server, oracle] = [true, false].map((masked) => {
      // w_2 is the mean of what the three sent: shares 1/2, 1/4 and 1/4.
      const view = viewOf(
        {
          serverLearns: 'plain-part',
          globals: [f(0, 0, 0), f(1, 1, 1), f(10, 20, -30)],
          masks: [bits(1, 0, 0), bits(0, 1, 1)],
          locals: [
            [f(1, 1, 1), undefined, f(1, 1, 1)],
            [f(4, 8, 12), f(20, 40, -60), f(12, 24, -84)],
          ],
        },
        masked,
      );
      return having(view, (client) => ({ samples: client === 0 ? 4 : 2, batchSize: 2 }));
    }) as [ServerView, ServerView];
    const without = (...colluders: number[]) =>
      openView(server, oracle, { colluders, recovered: [] });
    const exposed = expose(without(0), 'collusion:1');
    // (w_2 − w_2^0 / 2) · 2: the mean of the other two.
    expect(exposed.model).toEqual(f(16, 32, -72));
    expect(exposed.start).toEqual(f(1, 1, 1));
    expect(exposed).toMatchObject({ samples: 4, localSteps: 4, batchSize: 2, knownCount: 3 });
    expect(exposed.parts?.map(({ samples, weight }) => [samples, weight])).toEqual([
      [2, 0.5],
      [2, 0.5],
    ]);
    // With two the last client's update is left alone: as sent, whoever's key it is under.
    const last = expose(without(0, 1), 'collusion:2');
    expect(last.model).toEqual(f(12, 24, -84));
    expect(last.parts).toEqual([{ samples: 2, localSteps: 4, batchSize: 2, weight: 1 }]);
    expect(expose(without(1), 'collusion:1').parts?.map(({ weight }) => weight)).toEqual([
      4 / 6,
      2 / 6,
    ]);
    // A colluder that wasn't there tells nothing of this round.
    expect(expose(without(1), 'collusion:1', 1)).toEqual(expose(without(9), 'collusion:1', 1));
    expect(() => expose(without(0, 1, 2), 'collusion:3')).toThrow(/nobody but colluders/);
    // Nobody colludes with the others.
    expect(expose(oracle, 'oracle').samples).toBe(8);
  });

  test('of clients that make one step each, less one of them, is one step on the others’ samples', () => {
    const alike = (view: ServerView) => having(view, () => ({ localSteps: 1, batchSize: 8 }));
    const [server, oracle] = [true, false].map((masked) =>
      alike(viewOf(scenario('aggregate'), masked)),
    ) as [ServerView, ServerView];
    const opened = openView(server, oracle, { colluders: [1], recovered: [] });
    const exposed = expose(opened, 'collusion:1');
    // w_2 = 2 is the mean of the two.
    expect(exposed.model).toEqual(f(2 * 2 + 16, 2 * 2 + 17, 2 * 2 + 18));
    expect(exposed).toMatchObject({ samples: 8, localSteps: 1, batchSize: 8 });
    expect(exposed.parts).toBeUndefined();
  });

  test('of clients that make one step each is one step on all samples', () => {
    const view = having(viewOf(scenario('aggregate')), () => ({ localSteps: 1, batchSize: 8 }));
    const exposed = expose(view, 'mask-aware');
    expect(exposed).toMatchObject({ samples: 16, localSteps: 1, batchSize: 16 });
    expect(exposed.parts).toBeUndefined();
  });

  test('of other clients says whose trainings it is the mean of', () => {
    const uneven = having(viewOf(scenario('aggregate')), (client) => ({
      samples: client === 0 ? 6 : 2,
    }));
    const schedule = { localSteps: 4, batchSize: 4 };
    expect(expose(uneven, 'mask-aware').parts).toEqual([
      { samples: 6, ...schedule, weight: 0.75 },
      { samples: 2, ...schedule, weight: 0.25 },
    ]);
    const weighted = having(uneven, (client) => ({ weight: client === 0 ? 0.3 : 0.1 }));
    const parts = expose(weighted, 'mask-aware').parts?.map(({ weight }) => weight);
    expect(parts?.[0]).toBeCloseTo(0.75, 12);
    expect(parts?.[1]).toBeCloseTo(0.25, 12);
    // One step each, but not by samples: the union of the batches would be another mean.
    const steps = having(uneven, () => ({ localSteps: 1, batchSize: 8, weight: 0.5 }));
    expect(expose(steps, 'mask-aware').parts?.map(({ weight }) => weight)).toEqual([0.5, 0.5]);
  });

  test('there is none of a lost round', () => {
    const view = viewOf(scenario('aggregate'));
    const lost = { ...(view.rounds[1] as RoundView), lost: true } as const;
    expect(observedIn(view, lost, EVERYBODY)).toBeUndefined();
    const rounds = [view.rounds[0] as RoundView, lost];
    expect(() => expose({ ...view, rounds }, 'mask-aware')).toThrow(/round 2 gave no new global/);
  });
});
