import { expect, test } from 'vitest';
import type { MembershipOutput } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { auc } from '../../../src/metrics/auc.ts';
import { balancedAccuracy } from '../../../src/metrics/balanced-accuracy.ts';
import { exposedAccuracy } from '../../../src/metrics/exposed-accuracy.ts';
import { tprAtOnePercentFpr } from '../../../src/metrics/tpr-at-fpr.ts';
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
