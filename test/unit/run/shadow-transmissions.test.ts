import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NotApplicable } from '../../../src/api/attack.ts';
import { type Defense, defineDefense } from '../../../src/api/defense.ts';
import { openEngine } from '../../../src/engine/choose.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { shadowTransmissions } from '../../../src/run/shadow-transmissions.ts';
import { PartialVector } from '../../../src/view/partial-vector.ts';
import type { ServerView } from '../../../src/view/server-view.ts';
import type { ShadowClient } from '../../../src/view/shadow.ts';
import { closedFormGradient, clouds, softmaxRegression } from '../federation/toy.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ prefer: 'cpu' });
});

const { size } = softmaxRegression.layout;
const mask = Uint8Array.from({ length: size }, (_, at) => (at < 5 ? 1 : 0));
const start = softmaxRegression.initialize(randomStream(1, 'start'));
const startKnown = Uint8Array.from({ length: size }, (_, at) => (at === 7 ? 0 : 1));

const view: ServerView = {
  model: softmaxRegression.id,
  size,
  hyper: { learningRate: 0.2, localEpochs: 1, batchSize: 4 },
  encryption: { parameterSet: 'ckks-tenseal', keySetup: 'shared' },
  serverLearns: 'plain-part',
  initialModel: start,
  rounds: [
    { round: 1, globalModel: PartialVector.restrict(start, startKnown), mask, transmissions: [] },
  ],
  finalModel: PartialVector.unknown(size),
};

const shadow = (seed: number): ShadowClient => ({
  start,
  model: softmaxRegression.initialize(randomStream(seed, 'shadow')),
  samples: clouds(6, randomStream(seed, 'samples')),
  localSteps: 2,
  batchSize: 4,
});

const base = {
  meta: {
    id: 'toy',
    version: 1,
    title: 'Toy',
    source: 'a test of shadow clients',
    params: z.strictObject({}),
  },
  keys: () => ({ setup: 'shared' }) as const,
  scheme: () => 'ckks-tenseal' as const,
  serverLearns: () => 'plain-part' as const,
};

const agreed = defineDefense({
  ...base,
  mask: { when: () => 'every-round', agree: () => new Uint8Array(size) },
});

/** Every client encrypts the coordinate of its largest gradient. */
const individual = defineDefense({
  ...base,
  mask: {
    when: () => 'every-round',
    individual: () => true,
    async propose(client) {
      const gradient = (await client.gradient()).map(Math.abs);
      return Uint32Array.of(gradient.indexOf(Math.max(...gradient)));
    },
  },
});

const run = (defense: Defense<never, never>, clients: ShadowClient[], round = 1) =>
  shadowTransmissions({
    defense: defense as unknown as Defense<unknown, unknown>,
    params: {},
    view,
    model: softmaxRegression,
    engine,
    random: randomStream(1, 'run'),
  })({ client: 0, round }, clients);

describe('shadow clients under the attacked defense', () => {
  test('are masked as the target’s round was, and read as a mask-aware server reads', async () => {
    const clients = [shadow(1), shadow(2)];
    const seen = await run(agreed as never, clients);
    expect(seen.map(({ client, round }) => [client, round])).toEqual([
      [-1, 1],
      [-2, 1],
    ]);
    seen.forEach((exposure, at) => {
      const { model } = clients[at] as ShadowClient;
      expect(exposure.start).toEqual(start);
      exposure.model.forEach((value, i) => {
        expect(value).toBe(mask[i] === 1 ? start[i] : model[i]);
        expect(exposure.scored[i]).toBe(mask[i] === 1 || i === 7 ? 0 : 1);
      });
      expect(exposure).toMatchObject({
        samples: 6,
        localSteps: 2,
        batchSize: 4,
        learningRate: 0.2,
      });
      expect(exposure.knownCount).toBe(size - 6);
    });
  });

  test('choose masks of their own where masks are individual', async () => {
    const clients = [shadow(3), shadow(4)];
    const seen = await run(individual as never, clients);
    seen.forEach(({ model }, at) => {
      const { model: sent, samples } = clients[at] as ShadowClient;
      const hidden = [...model.keys()].filter((i) => model[i] !== sent[i]);
      const gradient = closedFormGradient(sent, samples, Array(samples.count).keys());
      const absolute = [...gradient].map(Math.abs);
      expect(hidden).toEqual([absolute.indexOf(Math.max(...absolute))]);
    });
  });

  test('are not applicable where a defense does more than mask', async () => {
    const noisy = defineDefense({ ...agreed, perturb: () => (update) => update.values });
    const failure = await run(noisy as never, [shadow(1)]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotApplicable);
    expect((failure as Error).message).toContain('adds noise');
  });

  test('take part in a round that there was', async () => {
    await expect(run(agreed as never, [shadow(1)], 2)).rejects.toThrow('no round 2');
  });
});
