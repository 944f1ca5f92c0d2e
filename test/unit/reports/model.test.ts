import { describe, expect, it } from 'vitest';
import { quickstart } from '../../../fixtures/results/quickstart.ts';
import {
  allFailed,
  degenerate,
  membershipOnly,
  twentyRows,
} from '../../../fixtures/results/variants.ts';
import { reportContext } from '../../../reports/model/context.ts';
import { buildReportModel } from '../../../reports/model/report-model.ts';
import type { PooledScore, RunResults } from '../../../src/api/results.ts';

/** The quickstart with the scores of one row, attack and metric replaced. */
function withAuc(values: Readonly<Record<string, number>>, row = 'maskcrypt(ratio=0.25)') {
  const base = quickstart();
  const change = (score: PooledScore): PooledScore => {
    const value = values[score.adversary];
    if (score.row !== row || score.metric !== 'auc' || value === undefined) return score;
    const interval = { low: value - 0.005, high: value + 0.005, level: 0.95, method: 'test' };
    return { ...score, value: { ...score.value, value, interval } };
  };
  return { ...base, pooled: base.pooled.map(change) };
}

const answer = (results: RunResults, question: RegExp) =>
  buildReportModel(results).overview.answers.find((one) => question.test(one.question));

describe('the headline', () => {
  it('is the strongest adversary that the protocol allows, never the oracle', () => {
    const results = withAuc({ stale: 0.51, 'global-fill': 0.57, 'mask-aware': 0.55, oracle: 0.9 });
    const headline = reportContext(results).headline('maskcrypt(ratio=0.25)', 'loss-threshold');
    expect(headline?.score.adversary).toBe('global-fill');
    const row = buildReportModel(results).verdicts.rows.at(-1);
    expect(row?.cells[0]).toMatchObject({
      level: 'leaks',
      stale: '0.510',
      adversary: 'Global fill',
    });
  });

  it('does not exist where only the oracle was scored', () => {
    const base = quickstart();
    const results = {
      ...base,
      pooled: base.pooled.filter(({ adversary }) => adversary === 'oracle'),
    };
    expect(reportContext(results).headline('none', 'dlg')).toBeUndefined();
    expect(answer(results, /hide who/)?.lead).toBe('Not measured.');
  });

  it('follows the metric’s direction', () => {
    const base = quickstart();
    const results: RunResults = {
      ...base,
      metrics: base.metrics
        .filter(({ id }) => id !== 'ssim')
        .map((one) =>
          one.id === 'psnr' ? { ...one, id: 'mse', higherMeansMoreLeakage: false } : one,
        ),
      pooled: base.pooled
        .filter(({ metric }) => metric !== 'ssim')
        .map((score) => (score.metric === 'psnr' ? { ...score, metric: 'mse' } : score)),
    };
    const context = reportContext(results);
    const headline = context.headline('maskcrypt(ratio=0.05)', 'dlg');
    expect(headline?.metric.id).toBe('mse');
    expect(headline?.score.adversary).toBe('stale');
  });

  it('is like guessing where the attack had nothing to go by, however wide its interval', () => {
    const base = quickstart();
    const results: RunResults = {
      ...base,
      pooled: base.pooled.map((score) =>
        score.row === 'full' ? { ...score, guessed: true } : score,
      ),
    };
    expect(reportContext(results).headline('full', 'dlg')?.level).toBe('guessing');
  });
});

describe('the answers', () => {
  it('never say that a defense hides what an undecided test left open', () => {
    const undecided = withAuc({ stale: 0.5, 'global-fill': 0.522, 'mask-aware': 0.52 });
    const widened: RunResults = {
      ...undecided,
      pooled: undecided.pooled.map((score) =>
        score.metric === 'auc' && score.row.startsWith('maskcrypt')
          ? {
              ...score,
              value: {
                ...score.value,
                interval: { low: 0.4, high: 0.65, level: 0.95, method: 'test' },
              },
            }
          : score,
      ),
    };
    expect(answer(widened, /hide who/)).toMatchObject({ tone: 'open', lead: 'Undecided.' });
  });

  it('name the ratio that leaks and give the numbers', () => {
    const results = withAuc({ stale: 0.5, 'global-fill': 0.5, 'mask-aware': 0.501 });
    const given = answer(results, /hide who/);
    expect(given).toMatchObject({ tone: 'bad', lead: 'Not at ρ\u00a0=\u00a00.05.' });
    expect(given?.sentence).toContain('0.501 [0.496, 0.506]');
    expect(given?.sentence).toContain('guessing without any view scores 0.500');
  });

  it('say when a mask wins only against the naive adversary', () => {
    const base = quickstart();
    const results: RunResults = {
      ...base,
      comparisons: base.comparisons.map((one) => ({
        ...one,
        verdict: one.adversary === 'stale' ? 'a-leaks-less' : 'undecided',
      })),
    };
    expect(answer(results, /better than/)).toMatchObject({
      tone: 'open',
      lead: 'Only against the stale estimate.',
    });
  });

  it('count no comparison at unequal ratios', () => {
    const base = quickstart();
    const results: RunResults = {
      ...base,
      comparisons: base.comparisons.map((one) => ({ ...one, equalRatio: false })),
    };
    expect(answer(results, /better than/)).toBeUndefined();
    const { forests, fair } = buildReportModel(results).comparisons;
    expect(fair).toBe(0);
    expect(forests.flatMap(({ lines }) => lines.map(({ verdict }) => verdict))).not.toContain(
      'a-leaks-less',
    );
  });

  it('let no single sample decide a comparison', () => {
    const base = quickstart();
    const results: RunResults = {
      ...base,
      comparisons: base.comparisons.map((one) => ({
        ...one,
        difference: { ...one.difference, n: 1 },
        verdict: 'a-leaks-less',
      })),
    };
    expect(answer(results, /better than/)?.lead).toBe('Undecided.');
  });

  it('give costs as measured', () => {
    const { costs } = buildReportModel(quickstart());
    const up = costs?.bytes.parts.filter(
      ({ row, direction }) => row === 'Full encryption' && direction === 'up',
    );
    expect(up?.find(({ part }) => part === 'Ciphertexts')?.amount).toBe(16 * 334_784);
  });
});

describe('published values', () => {
  const onMnist = (): RunResults => ({
    ...quickstart(),
    dataset: { id: 'mnist', title: 'MNIST', synthetic: false, members: 1, nonMembers: 1 },
  });

  it('stand beside ours on real MNIST only', () => {
    expect(buildReportModel(quickstart()).exposedAccuracy?.published).toBeNull();
    const table = buildReportModel(onMnist()).exposedAccuracy?.published;
    expect(table?.rows.map(([label, value]) => [label, value?.replace('\u00a0', ' ')])).toEqual([
      ['Random mask, ρ\u00a0=\u00a00.05', '93 %'],
      ['Random mask, ρ\u00a0=\u00a00.25', '95 %'],
      ['MaskCrypt, ρ\u00a0=\u00a00.05', '22 %'],
      ['MaskCrypt, ρ\u00a0=\u00a00.25', '14 %'],
    ]);
  });
});

describe('what is missing', () => {
  it('is listed once per reason, failures first, with code and hint', () => {
    const { missing } = buildReportModel(allFailed()).warnings;
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatchObject({ what: 'Training', words: 'Failed', defenses: 'all' });
    expect(missing[0]?.reason).toContain('out-of-memory');
    expect(missing[0]?.reason).toContain('Run fewer clients');
  });

  it('is said in the verdict’s cells', () => {
    const cells = buildReportModel(allFailed()).verdicts.rows.flatMap((row) => row.cells);
    expect(new Set(cells.map(({ level }) => level))).toEqual(new Set(['missing']));
    expect(cells[0]).toMatchObject({ words: 'Failed', figure: null });
  });

  it('leaves sections empty, not broken', () => {
    const model = buildReportModel(allFailed());
    expect([model.gallery, model.training, model.costs]).toEqual([null, null, null]);
    expect(buildReportModel(membershipOnly()).gallery).toBeNull();
  });

  it('warns of few seeds and synthetic data', () => {
    const { general } = buildReportModel(membershipOnly()).warnings;
    expect(general[0]).toContain('synthetic');
    expect(general[1]).toContain('one seed');
  });
});

describe('labels', () => {
  it('are unique even where titles are alike', () => {
    for (const results of [quickstart(), degenerate(), twentyRows()]) {
      const labels = reportContext(results).rows.map(({ label }) => label);
      expect(new Set(labels).size).toBe(labels.length);
    }
  });
});
