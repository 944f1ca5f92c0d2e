import { expect, test } from 'vitest';
import type { MembershipOutput } from '../../../../src/api/attack.ts';
import { heldOutPerplexity, memberPerplexity } from '../../../../src/metrics/text/perplexity.ts';
import type { GroundTruth } from '../../../../src/view/ground-truth.ts';

const target = (client: number, logLikelihoods: readonly number[]) => ({
  ...{ client, round: 1, scores: Float64Array.from(logLikelihoods) },
  logLikelihoods: Float64Array.from(logLikelihoods),
});
const asked = (client: number) => ({
  ...{ client, round: 1, members: Uint8Array.of(1, 0, 1, 0), labels: new Int32Array(4) },
});
const truth: GroundTruth = {
  membership: [asked(0), asked(1)],
  reconstruction: [],
  meanImage: new Float32Array(0),
  distractors: new Float32Array(0),
};
const output: MembershipOutput = {
  kind: 'membership',
  // By hand: members e^1.5 and e^2, held-out e^2.5 and e^4.
  targets: [target(0, [-1, -2, -2, -3]), target(1, [-2, -5, -2, -3])],
};

test('is the exponential of the mean loss, of each kind of text by itself', () => {
  const members = memberPerplexity.score(output, truth);
  const held = heldOutPerplexity.score(output, truth);
  expect(members?.value).toBeCloseTo((Math.exp(1.5) + Math.exp(2)) / 2, 10);
  expect(held?.value).toBeCloseTo((Math.exp(2.5) + Math.exp(4)) / 2, 10);
  expect([members?.n, held?.n]).toEqual([4, 4]);
  expect(members?.perItem).toEqual([Math.exp(1.5), Math.exp(2)]);
  expect(members?.interval?.low).toBeLessThan(members?.value as number);
  expect(members?.interval?.high).toBeGreaterThan(members?.value as number);
});

test('an attack that asked for no likelihoods, or has no text of a kind, has none', () => {
  const [{ logLikelihoods: _, ...silent }] = [target(0, [1, 2, 3, 4])];
  const without: MembershipOutput = { kind: 'membership', targets: [silent] };
  expect(memberPerplexity.score(without, truth)).toBeNull();
  const onlyMembers = {
    ...truth,
    membership: [{ ...asked(0), members: Uint8Array.of(1, 1, 1, 1) }, asked(1)],
  };
  expect(heldOutPerplexity.score(output, onlyMembers)).toBeNull();
  expect(memberPerplexity.score(output, onlyMembers)?.n).toBe(6);
});

test('stands beside that of the initial model, where the attack asked for it', () => {
  const initial = (mean: number) => new Float64Array(4).fill(-mean);
  const [one, two] = output.targets as [
    (typeof output.targets)[number],
    (typeof output.targets)[number],
  ];
  const both: MembershipOutput = {
    kind: 'membership',
    targets: [
      { ...one, initialLogLikelihoods: initial(4) },
      { ...two, initialLogLikelihoods: initial(5) },
    ],
  };
  const value = heldOutPerplexity.score(both, truth);
  expect(value?.baselines?.['initial model']).toBeCloseTo((Math.exp(4) + Math.exp(5)) / 2, 10);
  expect(heldOutPerplexity.score(output, truth)).not.toHaveProperty('baselines');
});
