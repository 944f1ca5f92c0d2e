import { describe, expect, test } from 'vitest';
import type { MembershipOutput } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { advantage } from '../../../src/metrics/advantage.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { balancedAccuracy } from '../../../src/metrics/balanced-accuracy.ts';
import { epsilonLowerBound } from '../../../src/metrics/epsilon-audit.ts';
import { exposedAccuracy } from '../../../src/metrics/exposed-accuracy.ts';
import { tprAtOnePercentFpr, tprAtTenthPercentFpr } from '../../../src/metrics/tpr-at-fpr.ts';
import { auditPairs } from '../../../src/stats/one-run-audit.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';

/** `victims` victims with `each` members and non-members; members score `shift` higher on average. */
function experiment(victims: number, each: number, shift: number, seed = 1) {
  const random = randomStream(seed, 'membership');
  const members = Uint8Array.from({ length: 2 * each }, (_, at) => at % 2);
  const labels = new Int32Array(2 * each);
  const truth: GroundTruth = {
    reconstruction: [],
    meanImage: new Float32Array(0),
    distractors: new Float32Array(0),
    membership: Array.from({ length: victims }, (_, client) => ({
      client,
      round: 3,
      members,
      labels,
    })),
  };
  const output: MembershipOutput = {
    kind: 'membership',
    targets: truth.membership.map(({ client, round }) => ({
      client,
      round,
      scores: Float64Array.from(members, (bit) => random.normal() + shift * bit),
    })),
  };
  return { output, truth };
}

test('noise: AUC and balanced accuracy intervals contain .5', () => {
  const { output, truth } = experiment(5, 100, 0);
  for (const metric of [auc, balancedAccuracy]) {
    const { interval } = metric.score(output, truth) ?? {};
    expect(interval?.low).toBeLessThan(0.5);
    expect(interval?.high).toBeGreaterThan(0.5);
  }
});

test("held-out thresholds don't flatter noise: balanced accuracy averages .5", () => {
  const values = Array.from({ length: 60 }, (_, seed) => {
    const { output, truth } = experiment(1, 100, 0, seed);
    return balancedAccuracy.score(output, truth)?.value as number;
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // One value varies by about .035; the mean of 60 by .0045.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.018);
});

test('a shift of one standard deviation: AUC = Φ(1/√2) ≈ .760, accuracy Φ(.5) ≈ .691', () => {
  const { output, truth } = experiment(10, 1000, 1);
  expect(auc.score(output, truth)?.value).toBeCloseTo(0.76, 1.7);
  expect(balancedAccuracy.score(output, truth)?.value).toBeCloseTo(0.691, 1.7);
});

test('the advantage is TPR − FPR: twice the balanced accuracy less 1, 2Φ(.5) − 1 ≈ .383 here', () => {
  const { output, truth } = experiment(10, 1000, 1);
  const accuracy = balancedAccuracy.score(output, truth)?.value as number;
  const score = advantage.score(output, truth);
  expect(score?.value).toBeCloseTo(2 * accuracy - 1, 12);
  expect(score?.value).toBeCloseTo(0.383, 1.4);
  expect(score?.baselines).toEqual({ chance: 0 });
});

test('guessing is claimed from enough samples only: two one-sided tests within ±2 points', () => {
  // 20 victims of 250 + 250: the AUC of noise varies by .0058, so that 2 points are 3.4 of it.
  const [many, few, leak] = [
    experiment(20, 250, 0),
    experiment(3, 40, 0),
    experiment(20, 250, 0.3),
  ];
  for (const metric of [auc, balancedAccuracy, advantage]) {
    const margin = metric === advantage ? 0.04 : 0.02;
    expect(metric.score(many.output, many.truth)?.equivalence?.margin).toBe(margin);
    expect(metric.score(few.output, few.truth)?.equivalence?.p).toBeGreaterThan(0.05);
    expect(metric.score(leak.output, leak.truth)?.equivalence?.p).toBeGreaterThan(0.5);
  }
  expect(auc.score(many.output, many.truth)?.equivalence?.p).toBeLessThan(0.05);
});

test('TPR at .1 % FPR: one false accusation in a thousand is allowed, fewer non-members are called out', () => {
  const { output, truth } = experiment(4, 1000, 0);
  const members = truth.membership[0]?.members as Uint8Array;
  // Ten members stand above four non-members, which stand above all others, per victim.
  const ranks = [0, 0];
  const scores = Float64Array.from(members, (bit) => {
    const rank = ranks[bit] as number;
    ranks[bit] = rank + 1;
    return bit === 1 ? (rank < 10 ? 3 : 1) : rank < 1 ? 2 : 0;
  });
  const targets = output.targets.map((target) => ({ ...target, scores }));
  const value = tprAtTenthPercentFpr.score({ kind: 'membership', targets }, truth);
  // 4 of 4,000 non-members are accused at any threshold below 2: exactly .1 %.
  expect(value?.value).toBe(1);
  expect(value?.n).toBe(8000);
  expect(value?.caution).toBeUndefined();
  const worse = targets.map((target, at) =>
    at === 0 ? { ...target, scores: scores.map((score, i) => (i === 2 ? 2 : score)) } : target,
  );
  expect(tprAtTenthPercentFpr.score({ kind: 'membership', targets: worse }, truth)?.value).toBe(
    40 / 4000,
  );
  const small = experiment(3, 1000, 0);
  expect(tprAtTenthPercentFpr.score(small.output, small.truth)?.caution).toBe(
    '3000 non-members; a false positive rate of 0.1 % needs 3688',
  );
});

test('TPR at 1 % FPR: perfect scores find all; few non-members are called out', () => {
  const perfect = experiment(2, 50, 100);
  const value = tprAtOnePercentFpr.score(perfect.output, perfect.truth);
  expect(value?.value).toBe(1);
  expect(value?.interval?.low).toBeCloseTo(0.025 ** (1 / 100), 10);
  expect(value?.caution).toMatch(/100 non-members/);
  const large = experiment(4, 100, 0);
  expect(tprAtOnePercentFpr.score(large.output, large.truth)?.caution).toBeUndefined();
});

test('accuracy of the exposed model counts members only', () => {
  const { output, truth } = experiment(2, 10, 0);
  expect(exposedAccuracy.score(output, truth)).toBeNull();
  const members = truth.membership[0]?.members as Uint8Array;
  const predicted = (right: number) =>
    Int32Array.from(members, (bit, at) => (bit === 1 ? (at < right ? 0 : 1) : 1));
  const targets = output.targets.map((target) => ({ ...target, predictedLabels: predicted(10) }));
  expect(exposedAccuracy.score({ kind: 'membership', targets }, truth)?.value).toBe(0.5);
  expect(exposedAccuracy.score({ kind: 'membership', targets }, truth)?.n).toBe(20);
});

test('answers that fit no target are refused', () => {
  const { output, truth } = experiment(1, 10, 0);
  const elsewhere = output.targets.map((target) => ({ ...target, round: 9 }));
  expect(() => auc.score({ kind: 'membership', targets: elsewhere }, truth)).toThrow(/round 9/);
  const short = output.targets.map((target) => ({ ...target, scores: new Float64Array(3) }));
  expect(() => auc.score({ kind: 'membership', targets: short }, truth)).toThrow(/3 scores/);
});

describe('the one-run audit', () => {
  test('noise shows no ε, and perfect scores show what so many pairs can', () => {
    const noise = experiment(5, 100, 0);
    const value = epsilonLowerBound.score(noise.output, noise.truth);
    expect(value).toMatchObject({ value: 0, n: 1000, baselines: { guessing: 0 } });
    expect(value?.interval).toMatchObject({ low: 0, high: Number.POSITIVE_INFINITY });
    const perfect = experiment(5, 100, 100);
    const most = epsilonLowerBound.score(perfect.output, perfect.truth);
    const all = auditPairs(new Uint8Array(500).fill(1), { delta: 1e-5 });
    expect(most?.value).toBe(all.epsilon);
    expect(most?.caution).toContain(`at most ε = ${all.epsilon.toFixed(1)}`);
    // An attack that is wrong throughout is not private either; but this one was asked.
    const inverted = experiment(5, 100, -100);
    expect(epsilonLowerBound.score(inverted.output, inverted.truth)?.value).toBe(0);
  });

  test('more seeds show more', () => {
    const seeds = [1, 2, 3, 4].map((seed) => experiment(5, 100, 1.5, seed));
    const one = epsilonLowerBound.pool(seeds.slice(0, 1))?.value as number;
    expect(epsilonLowerBound.pool(seeds)?.value).toBeGreaterThan(one);
    expect(one).toBeGreaterThan(0.3);
  });

  test('scores of different victims don’t compare: any rescaling of one changes nothing', () => {
    const { output, truth } = experiment(3, 100, 1);
    const rescaled = output.targets.map((target, at) => ({
      ...target,
      scores: target.scores.map((score) => 1000 ** at * score + at),
    }));
    expect(epsilonLowerBound.score({ kind: 'membership', targets: rescaled }, truth)).toEqual(
      epsilonLowerBound.score(output, truth),
    );
  });

  test('pairs are of one class, and no sample is in two of them', () => {
    const { output, truth } = experiment(2, 60, 100);
    const [victim] = truth.membership;
    const members = victim?.members as Uint8Array;
    const paired = (change: (at: number) => object) =>
      epsilonLowerBound.score(output, {
        ...truth,
        membership: truth.membership.map((one, at) => ({ ...one, ...change(at) })),
      });
    const pairs = (change: (at: number) => object) => (paired(change)?.n ?? 0) / 2;
    expect(pairs(() => ({}))).toBe(120);
    // Members of one class, non-members of another.
    expect(paired(() => ({ labels: Int32Array.from(members) }))).toBeNull();
    // The second victim's candidates are others, or its non-members are the first one's.
    const samples = (at: number, shared: boolean) => ({
      samples: Uint32Array.from(members, (bit, i) => (shared && bit === 0 ? i : 1000 * at + i)),
    });
    expect(pairs((at) => samples(at, false))).toBe(120);
    expect(pairs((at) => samples(at, true))).toBe(60);
  });
});
