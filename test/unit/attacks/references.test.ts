import { expect, test } from 'vitest';
import { lira } from '../../../attacks/lira/index.ts';
import { fitNormal, logDensity, pooledVariance } from '../../../attacks/lira/likelihood.ts';
import { rmia } from '../../../attacks/rmia/index.ts';
import { priorProbability, tuneA } from '../../../attacks/rmia/probability.ts';
import { type ReferenceParams, referencesFor } from '../../../attacks/shadow/reference-models.ts';
import { poolSamples } from '../../../attacks/shadow/sample-pool.ts';
import type { AttackContext } from '../../../src/api/attack.ts';
import { NotApplicable } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { findModel } from '../../../src/models/registry.ts';
import type { MembershipTarget } from '../../../src/view/auxiliary.ts';
import { ask, engine, knowledge, nothingEncrypted, oneRound, take } from './setting.ts';

const model = findModel('mlp-2fc');
const initialModel = model.initialize(randomStream(3, 'init'));
const view = oneRound(
  model,
  initialModel,
  Array.from({ length: 2 }, () => ({ weights: initialModel, samples: 20, localSteps: 1 })),
  nothingEncrypted(model),
  0.1,
);
const question = (client: number, first: number) => ({
  client,
  round: 1,
  candidates: take(first, 20),
});
// The victims share ten candidates.
const aux = knowledge({ membership: [question(0, 200), question(1, 210)] }, take(0, 40));

/** The references of both victims. */
async function askReferences(params: ReferenceParams) {
  const of = await referencesFor(view, aux, context(params));
  const [first] = aux.membership as [MembershipTarget];
  return (await of(first, 0)).references;
}

function context(params: ReferenceParams, remembered = new Map<string, Float32Array>()) {
  return {
    ...{ params, model, engine },
    signal: new AbortController().signal,
    progress: () => {},
    async once(key: readonly (string | number)[], compute: () => Promise<Float32Array>) {
      const name = JSON.stringify(key);
      const value = remembered.get(name) ?? (await compute());
      remembered.set(name, value);
      return value;
    },
  } as unknown as AttackContext<ReferenceParams>;
}

test('online: every sample is in half of the models, shared candidates the same everywhere', async () => {
  const params = { mode: 'online', references: 6, epochs: 1 } as const;
  const { own, candidates } = await askReferences(params);
  expect(own).toHaveLength(40);
  for (const answers of [...own, ...candidates.flat()]) {
    expect(answers.in).toHaveLength(3);
    expect(answers.out).toHaveLength(3);
  }
  expect(candidates[1]?.slice(0, 10)).toEqual(candidates[0]?.slice(10));
});

test('online: models trained on a sample are surer of it', async () => {
  const params = { mode: 'online', references: 8, epochs: 30 } as const;
  const { candidates } = await askReferences(params);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const side = (of: 'in' | 'out') => mean(candidates.flat().flatMap(({ [of]: phi }) => [...phi]));
  expect(side('in')).toBeGreaterThan(side('out') + 0.5);
});

test('offline: no model was trained on a candidate, each own sample is in half of them', async () => {
  const params = { mode: 'offline', references: 4, epochs: 1 } as const;
  const { own, candidates } = await askReferences(params);
  for (const answers of candidates.flat()) {
    expect(answers.in).toHaveLength(0);
    expect(answers.out).toHaveLength(4);
  }
  for (const answers of own) expect(answers.in).toHaveLength(2);
});

test('are trained once for LiRA and RMIA, anew for other settings', async () => {
  const remembered = new Map<string, Float32Array>();
  const quick = { epochs: 1, references: 4 };
  const asked = { model, view, aux, remembered };
  await ask(lira, { ...asked, params: { ...quick, mode: 'offline' } });
  await ask(rmia, { ...asked, params: quick, adversary: 'stale' });
  expect(remembered.size).toBe(1);
  await ask(lira, { ...asked, params: quick });
  await ask(lira, { ...asked, params: { ...quick, epochs: 2 } });
  const other = { ...view, initialModel: initialModel.map((weight) => weight + 1e-3) };
  await ask(lira, { ...asked, view: other, params: quick });
  expect(remembered.size).toBe(4);
});

test('need samples of the attacker’s own', async () => {
  const poor = knowledge({ membership: aux.membership }, take(0, 3));
  await expect(ask(lira, { model, view, aux: poor })).rejects.toThrow(NotApplicable);
});

test('a diverged model is an error that names its learning rate', async () => {
  const params = { references: 4, epochs: 3, learningRate: 1e30 };
  await expect(ask(rmia, { model, view, aux, params })).rejects.toThrow(
    /diverged at learning rate 1e\+30/,
  );
});

test('samples that several lists share are pooled once', () => {
  const { samples, places } = poolSamples([take(0, 3), take(2, 3)]);
  expect(samples.count).toBe(5);
  expect(places.map((list) => [...list])).toEqual([
    [0, 1, 2],
    [2, 3, 4],
  ]);
  expect(samples.inputs).toEqual(take(0, 5).inputs);
  expect(samples.labels).toEqual(take(0, 5).labels);
});

test('LiRA’s normal distributions: closed forms', () => {
  const values = Float64Array.of(1, 3);
  expect(fitNormal(values)).toEqual({ mean: 2, variance: 2 });
  expect(fitNormal(values, 5)).toEqual({ mean: 2, variance: 5 });
  expect(logDensity({ mean: 1, variance: 4 }, 3)).toBeCloseTo(
    -0.5 - Math.log(2 * Math.sqrt(2 * Math.PI)),
    12,
  );
  // Pooled within samples: (2 + 8) / 2 and nothing from the distance of their means.
  const pooled = pooledVariance([
    { in: Float64Array.of(1, 3), out: Float64Array.of(0) },
    { in: Float64Array.of(100, 104), out: Float64Array.of(9) },
  ]);
  expect(pooled.in).toBe(5);
  expect(pooled.out).toBeGreaterThan(0);
  expect(pooled.out).toBeLessThan(1e-9);
});

test('RMIA’s prior: mean of in and out online, shrunk towards 1 offline', () => {
  // φ = 0 is p = ½, φ = ln 3 is p = ¾, φ = −ln 3 is p = ¼.
  const answers = { in: Float64Array.of(Math.log(3)), out: Float64Array.of(0, -Math.log(3)) };
  expect(priorProbability(answers, { mode: 'online', a: 0.3 })).toBeCloseTo((0.75 + 0.375) / 2, 12);
  expect(priorProbability(answers, { mode: 'offline', a: 0.3 })).toBeCloseTo(
    (1.3 * 0.375 + 0.7) / 2,
    12,
  );
  expect(priorProbability(answers, { mode: 'offline', a: 1 })).toBeCloseTo(0.375, 12);
});

test('RMIA tunes a on the attacker’s own models: the one that undoes what a sample’s hardness adds', () => {
  const random = randomStream(1, 'tune');
  const count = 400;
  /** Members of the model get `gain` more confidence than the sample's own level. */
  const modelsOf = (gain: number, spread: number) => {
    const level = Float64Array.from({ length: count }, () => spread * random.normal());
    return Array.from({ length: 8 }, () => {
      const members = Uint8Array.from({ length: count }, () => random.integer(2));
      const phi = level.map(
        (value, at) => value + gain * (members[at] as number) + 0.3 * random.normal(),
      );
      return { phi, members };
    });
  };
  // Low probabilities that differ much between samples: only the whole Pr(x | out) tells them apart.
  const hard = modelsOf(1, 2).map(({ phi, members }) => ({
    members,
    phi: phi.map((value) => value - 8),
  }));
  expect(tuneA(hard)).toBeGreaterThan(0.8);
  // All samples equally hard: Pr(x) only adds noise, and a = 0 adds least.
  expect(tuneA(modelsOf(1, 0))).toBeLessThan(0.5);
});
