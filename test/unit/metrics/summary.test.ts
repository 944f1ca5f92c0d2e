import { expect, test } from 'vitest';
import type { ReconstructionOutput } from '../../../src/api/attack.ts';
import { randomStream } from '../../../src/engine/random.ts';
import { compareDefenses, poolScores, type ScoredAttack } from '../../../src/metrics/summary.ts';
import type { GroundTruth } from '../../../src/view/ground-truth.ts';

const rows = [
  { key: 'maskcrypt(ratio=0.05)', control: false, targetRatio: 0.05, realisedRatio: 0.05 },
  { key: 'random(ratio=0.05)', control: true, targetRatio: 0.05, realisedRatio: 0.0501 },
  { key: 'random(ratio=0.25)', control: true, targetRatio: 0.25, realisedRatio: 0.25 },
  { key: 'full', control: false, targetRatio: 1, realisedRatio: 1 },
];

/** Reconstructions that are `error` off in every pixel, plus some noise per probe. */
function scored(row: string, seed: number, error: number): ScoredAttack {
  const probes = 6;
  const random = randomStream(seed, row);
  const truth: GroundTruth = {
    membership: [],
    meanImage: new Float32Array(121),
    distractors: new Float32Array(0),
    reconstruction: Array.from({ length: probes }, (_, client) => ({
      client,
      round: 1,
      inputShape: [11, 11, 1],
      images: Float32Array.from({ length: 121 }, (_, at) => ((at * (client + 1)) % 12) / 40),
      labels: Int32Array.of(client),
    })),
  };
  const output: ReconstructionOutput = {
    kind: 'reconstruction',
    targets: truth.reconstruction.map(({ client, images }) => ({
      client,
      round: 1,
      from: 'update',
      images: images.map((pixel) => pixel + error * (1 + 0.1 * random.uniform())),
      labels: Int32Array.of(client),
      cost: 0,
      iterations: 1,
    })),
  };
  return { row, seed, attack: 'dlg', adversary: 'mask-aware', output, truth };
}

const experiment = (maskcrypt: number, random: number, seeds = [1, 2]) =>
  seeds.flatMap((seed) => [
    scored('maskcrypt(ratio=0.05)', seed, maskcrypt),
    scored('random(ratio=0.05)', seed, random),
    scored('full', seed, 0.5),
  ]);

test('pools every metric over seeds', () => {
  const pooled = poolScores(experiment(0.5, 0.1));
  const psnr = pooled.find(({ row, metric }) => row === 'random(ratio=0.05)' && metric === 'psnr');
  expect(psnr?.seeds).toBe(2);
  expect(psnr?.value.n).toBe(12);
  expect(psnr?.value.value).toBeGreaterThan(19);
  expect(psnr?.value.value).toBeLessThan(20.01);
  expect(pooled.filter(({ metric }) => metric === 'label-accuracy')[0]?.value.value).toBe(1);
});

test('says where every answer is a guess, made without any view', () => {
  const blind = (one: ScoredAttack): ScoredAttack => {
    const output = one.output as ReconstructionOutput;
    const targets = output.targets.map((target) => ({ ...target, from: 'prior' as const }));
    return { ...one, output: { ...output, targets } };
  };
  const [seen, ...others] = experiment(0.5, 0.1).filter(({ row }) => row === 'full');
  const guessed = (scored: readonly ScoredAttack[]) =>
    poolScores(scored).map((score) => score.guessed);
  expect(new Set(guessed(others.map(blind)))).toEqual(new Set([true]));
  expect(new Set(guessed([seen as ScoredAttack, ...others.map(blind)]))).toEqual(
    new Set([undefined]),
  );
});

test('compares a chosen mask with the random one of the same ratio, and only that', () => {
  const comparisons = compareDefenses(experiment(0.5, 0.1), rows);
  expect(new Set(comparisons.map(({ a, b }) => `${a} ${b}`))).toEqual(
    new Set(['maskcrypt(ratio=0.05) random(ratio=0.05)']),
  );
  const psnr = comparisons.find(({ metric }) => metric === 'psnr');
  expect(psnr?.verdict).toBe('a-leaks-less');
  expect(psnr?.difference.value).toBeCloseTo(20 * Math.log10(0.1 / 0.5), 0);
  expect(psnr?.adjustedP).toBeGreaterThanOrEqual(psnr?.p as number);
});

test('decides clear differences however many comparisons a run makes', () => {
  const attacks = Array.from({ length: 60 }, (_, at) => `attack-${at}`);
  const scores = experiment(0.5, 0.1, [1, 2, 3]).flatMap((one) =>
    attacks.map((attack) => ({ ...one, attack })),
  );
  const comparisons = compareDefenses(scores, rows);
  // With 4,000 resamples the smallest p, times these, would be above .05.
  expect(comparisons.length).toBeGreaterThan(100);
  expect(new Set(comparisons.map(({ verdict }) => verdict))).toEqual(new Set(['a-leaks-less']));
});

test('without a difference, 95 % of experiments stay undecided', () => {
  let undecided = 0;
  const experiments = 25;
  for (let at = 0; at < experiments; at++) {
    const psnr = compareDefenses(experiment(0.2, 0.2, [3 * at, 3 * at + 1, 3 * at + 2]), rows).find(
      ({ metric }) => metric === 'psnr',
    );
    if (psnr?.verdict === 'undecided') undecided++;
  }
  // 25 draws at .95 leave fewer than 21 in 1 % of cases; the seeds are fixed.
  expect(undecided).toBeGreaterThanOrEqual(21);
});

test('the oracle is not compared: it sees no mask', () => {
  const oracle = experiment(0.5, 0.1).map((attack) => ({
    ...attack,
    adversary: 'oracle' as const,
  }));
  expect(compareDefenses(oracle, rows)).toEqual([]);
});

test('unequal realised ratios are shown, not decided', () => {
  const unequal = rows.map((row) =>
    row.key.startsWith('maskcrypt') ? { ...row, realisedRatio: 0.4 } : row,
  );
  const psnr = compareDefenses(experiment(0.5, 0.1), unequal).find(
    ({ metric }) => metric === 'psnr',
  );
  expect(psnr?.equalRatio).toBe(false);
  expect(psnr?.verdict).toBe('undecided');
});
